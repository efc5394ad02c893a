import pytest

from gan_lab.pose.skeletons import LSP, MPII, SKELETONS

SIDES = {"right": "left", "left": "right"}


def mirrored(name: str) -> str:
    side, _, rest = name.partition("_")
    return f"{SIDES[side]}_{rest}" if side in SIDES else name


@pytest.mark.parametrize("name", SKELETONS)
def test_what_mirrors_a_joint_is_what_its_name_says(name):
    skeleton = SKELETONS[name]
    joints = list(skeleton.joints)
    for one, two in skeleton.flip_pairs:
        joints[one], joints[two] = joints[two], joints[one]
    assert joints == [mirrored(joint) for joint in skeleton.joints]


@pytest.mark.parametrize("name", SKELETONS)
def test_limbs_make_one_tree_or_mesh_of_all_joints(name):
    skeleton = SKELETONS[name]
    assert len(skeleton.colors) == len(skeleton.limbs)
    reached = {0}
    for _ in skeleton.joints:
        reached |= {joint for limb in skeleton.limbs if reached & set(limb) for joint in limb}
    assert reached == set(range(len(skeleton.joints)))
    names = skeleton.joints
    limbs = {frozenset(names[joint] for joint in limb) for limb in skeleton.limbs}
    assert {frozenset(map(mirrored, limb)) for limb in limbs} == limbs


@pytest.mark.parametrize("name", SKELETONS)
def test_rows_of_the_table_hold_both_sides_of_what_they_are_called(name):
    skeleton = SKELETONS[name]
    for group, joints in skeleton.groups.items():
        if group != "head":
            assert {skeleton.joints[joint] for joint in joints} == {f"left_{group}", f"right_{group}"}
    assert [skeleton.joints[joint] for joint in skeleton.groups["head"]][-1] == "head_top"


def test_the_means_take_14_joints():
    assert len(LSP.scored) == len(MPII.scored) == 14
    assert {MPII.joints[joint] for joint in set(range(16)) - set(MPII.scored)} == {"pelvis", "thorax"}

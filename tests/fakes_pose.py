"""Writes the official layouts of the data sets for human pose, their people drawn as sticks."""

import json
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

from gan_lab.pose.skeletons import LSP, Skeleton

# A man standing with his arms out, seen from the front: his right is on the left.
STANCE = {
    "right_ankle": (12, 58),
    "right_knee": (13, 46),
    "right_hip": (15, 34),
    "left_hip": (25, 34),
    "left_knee": (27, 46),
    "left_ankle": (28, 58),
    "pelvis": (20, 34),
    "thorax": (20, 15),
    "upper_neck": (20, 12),
    "neck": (20, 14),
    "head_top": (20, 4),
    "right_wrist": (3, 26),
    "right_elbow": (8, 20),
    "right_shoulder": (13, 15),
    "left_shoulder": (27, 15),
    "left_elbow": (33, 20),
    "left_wrist": (38, 25),
}
MPII_JOINTS = [
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("pelvis", "thorax", "upper_neck", "head_top"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
]


def stance(names, shift=(0, 0)) -> np.ndarray:
    """The joints of that name in pixels from 0, (K, 2)."""
    return np.float64([STANCE[name] for name in names]) + shift


def draw_sticks(path: Path, shift=(0, 0), size=(48, 64), skeleton: Skeleton = LSP) -> Path:
    """The man as sticks, in an image of that width and height."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    joints = (stance(skeleton.joints, shift) * 16).round().astype(int)
    for (one, two), color in zip(skeleton.limbs, skeleton.colors, strict=True):
        cv2.line(image, joints[one].tolist(), joints[two].tolist(), color[::-1], 2, cv2.LINE_AA, 4)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return path


def write_lsp(root: Path, test_images: int = 2) -> Path:
    """Labels of everyone of LSP, images of six to train on and a few to test on; ten people of LSPET, all of them.

    Everyone of LSPET but the first lacks one joint, whose label is rubbish.
    """
    present = [*range(6), *range(1000, 1000 + test_images)]
    joints = np.zeros((3, 14, 2000))
    shifts = np.arange(2000) % 7 / 4 + np.arange(2000) // 1000
    joints[:2] = stance(LSP.joints).T[..., None] + shifts
    joints[2, 6] = 1  # occluded
    for index in present:
        draw_sticks(root / "lsp_dataset" / "images" / f"im{index + 1:04}.jpg", (shifts[index],) * 2)
    savemat(root / "lsp_dataset" / "joints.mat", {"joints": joints}, do_compression=True)
    observed = joints[:, [5, 4, 3, 2, 1, 0, *range(6, 14)]]
    savemat(root / "lsp_dataset" / "joints-OC.mat", {"joints": observed}, do_compression=True)

    more = np.ones((14, 3, 10))
    more[:, :2] = stance(LSP.joints)[..., None] + np.arange(10)
    for index in range(10):
        if index:
            more[index, :, index] = -40, -7, 0
        draw_sticks(root / "lspet_dataset" / "images" / f"im{index + 1:05}.jpg", (index, index), (70, 90))
    savemat(root / "lspet_dataset" / "joints.mat", {"joints": more})
    return root


def structs(*rows: dict) -> np.ndarray:
    """A MATLAB struct array, 1 x N; a field that a row lacks is [], as MATLAB has it."""
    fields = list(dict.fromkeys(field for row in rows for field in row))
    array = np.empty((1, len(rows)), [(field, object) for field in fields])
    for index, row in enumerate(rows):
        array[0, index] = tuple(row.get(field, np.empty((0, 0))) for field in fields)
    return array


def mpii_person(shift=(0, 0), missing=()) -> dict:
    """An annorect in MATLAB's pixels, with every kind of is_visible."""
    visible = [1, "0", "1", np.empty((0, 0))]
    points = [
        {"x": x + 1, "y": y + 1, "id": joint} | ({} if joint in (8, 9) else {"is_visible": visible[joint % 4]})
        for joint, (x, y) in enumerate(stance(MPII_JOINTS, shift))
        if joint not in missing
    ]
    head = {"x1": 16 + shift[0], "y1": 4 + shift[1], "x2": 24 + shift[0], "y2": 10 + shift[1]}  # 8 x 6: diagonal 10
    middle = structs({"x": 21 + shift[0], "y": 32 + shift[1]})
    return head | {"annopoints": structs({"point": structs(*points[::-1])}), "scale": 0.3, "objpos": middle}


def write_mpii(root: Path) -> Path:
    """Six training images, three validation and two test ones; the official ``.mat``, and the same as JSON files.

    The first image has a second person, of whom the ankles are missing, and three who cannot be used.
    """
    crowd = [mpii_person(), mpii_person((20, 1), missing=(0, 5)), {"x1": 1, "y1": 1, "x2": 2, "y2": 2}]
    crowd += [mpii_person() | {"scale": np.empty((0, 0))}, mpii_person() | {"annopoints": np.empty((0, 0))}]
    annolist, training = [], []
    rows: dict[str, list] = {"train": [], "valid": [], "test": []}
    for split, count in (("train", 6), ("valid", 3), ("test", 2)):
        for index in range(count):
            name, shift = f"{split}{index}.jpg", (index, index)
            draw_sticks(root / "images" / name, shift, (80, 70))
            people = crowd if (split, index) == ("train", 0) else [mpii_person(shift)]
            if split == "test":
                people = [{field: person[field] for field in ("scale", "objpos")} for person in people]
            annolist.append({"image": structs({"name": name}), "annorect": structs(*people)})
            training.append(split != "test")
            rows[split].append({"image": name, "scale": 0.3, "center": [21 + index, 32 + index]})
            if split != "test":
                rows[split][-1] |= {"joints": (stance(MPII_JOINTS, shift) + 1).tolist(), "joints_vis": [1] * 16}
    annolist.append({"image": structs({"name": "nobody.jpg"})})  # annorect is []
    release = structs({"annolist": structs(*annolist), "img_train": np.uint8([[*training, 1]]), "version": "12"})
    (root / "mpii_human_pose_v1_u12_2").mkdir()
    savemat(root / "mpii_human_pose_v1_u12_2" / "mpii_human_pose_v1_u12_1.mat", {"RELEASE": release})
    (root / "valid_images.txt").write_text("".join(f"{row['image']}\n" for row in rows["valid"]))
    write_mpii_json(root / "annot", rows)
    return root


def write_mpii_json(folder: Path, rows: dict[str, list]) -> Path:
    """HRNet's files and ``gt_valid.mat``, in which heads have a diagonal of 10."""
    folder.mkdir(exist_ok=True)
    for split, people in rows.items():
        (folder / f"{split}.json").write_text(json.dumps(people))
    joints = np.array([row["joints"] for row in rows["valid"]]).transpose(1, 2, 0)
    boxes = np.tile(np.float64([[16, 4], [24, 10]])[..., None], (1, 1, len(rows["valid"])))
    savemat(folder / "gt_valid.mat", {"pos_gt_src": joints, "headboxes_src": boxes})
    return folder

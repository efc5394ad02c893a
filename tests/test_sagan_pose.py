import json

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from gan_lab.cli import main
from gan_lab.datamodules import FiguresDataModule
from gan_lab.datasets.video import Video
from gan_lab.losses import balance_step, convergence_measure
from gan_lab.modules import SAGANPoseModule
from gan_lab.networks.layers import frozen
from gan_lab.pose.heatmaps import flip_back, render_heatmaps
from gan_lab.pose.skeletons import LSP
from gan_lab.samples import PoseRequest
from tests import fakes
from tests.test_distributed import run_two, saved
from tests.test_resume import LAST, differences, probe, run_folder
from tests.training import train

SMALL = {"stacks": 2, "depth": 2, "channels": 8, "discriminator_channels": 8}


def people(count: int = 2, side: int = 32, dtype: torch.dtype = torch.float32, joints: int = 14) -> dict:
    """Noise with joints somewhere in it; the source image is twice as large and begins 10 pixels further up left."""
    generator = torch.Generator().manual_seed(0)
    keypoints = torch.rand(count, joints, 2, generator=generator, dtype=dtype) * (side - 9) + 4
    to_source = torch.tensor([[2.0, 0, 10], [0, 2, 10]], dtype=dtype).repeat(count, 1, 1)
    labeled = torch.ones(count, joints, dtype=torch.bool)
    labeled[0, :3] = False
    return {
        "image": torch.rand(count, 3, side, side, generator=generator, dtype=dtype) * 2 - 1,
        "keypoints": keypoints,
        "labeled": labeled,
        "to_source": to_source,
        "truth": 2 * keypoints + 10,
        "reference_length": torch.full((count,), 20.0, dtype=dtype),
        "name": [str(index) for index in range(count)],
    }


@pytest.mark.parametrize(("mask_missing", "k"), [(True, 0.3), (False, 0.3), (True, 0.0)])
def test_one_step_is_the_papers(mask_missing, k):
    """Against the updates written out, in double precision."""
    settings = SMALL | {"mask_missing": mask_missing, "adversarial_weight": 0.5}
    module, twin = SAGANPoseModule(**settings).double(), SAGANPoseModule(**settings).double()
    module.balance.fill_(k)
    twin.load_state_dict(module.state_dict())
    batch = people(dtype=torch.double)
    metrics = train(module, [batch], precision="64-true").callback_metrics

    generator, judge = twin.generator, twin.discriminator
    rmsprop = torch.optim.RMSprop(generator.parameters(), 2.5e-4, alpha=0.99, eps=1e-8)
    adam = torch.optim.Adam(judge.parameters(), 2.5e-4)
    image, labeled = batch["image"], batch["labeled"][:, :, None, None]
    real = render_heatmaps(batch["keypoints"], batch["labeled"], 8, 4, 1.0)
    counted = labeled if mask_missing else torch.ones_like(labeled)
    first, last = generator(image)
    fake = last * counted
    l_real = F.mse_loss(judge(image, real), real)
    l_fake = F.mse_loss(judge(image, fake.detach()), fake.detach())
    (l_real - k * l_fake).backward()
    adam.step()
    with frozen(judge):
        l_mse = F.mse_loss(first * counted, real) + F.mse_loss(last * counted, real)
        l_adv = F.mse_loss(judge(image, fake), fake.detach())
        (pull,) = torch.autograd.grad(0.5 * l_adv, last, retain_graph=True)
        (l_mse + 0.5 * l_adv).backward()
    rmsprop.step()
    for (name, ours), theirs in zip(module.named_parameters(), twin.parameters(), strict=True):
        # RMSprop makes steps of 1e-9 of the rounding of a gradient that is zero, as of a bias before batch norm
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-8, msg=name)

    expected = {
        "loss/real": l_real,
        "loss/fake": l_fake,
        "loss/discriminator": l_real - k * l_fake,
        "loss/heatmaps": l_mse,
        "loss/adversarial": l_adv,
        "loss/zero_map": 2 * real.square().mean(),
        "balance/k": min(max(k + 1e-3 * (0.5 * l_real - l_fake).item(), 0), 1),
        "balance/convergence": l_real + (0.5 * l_real - l_fake).abs(),
        "balance/gradient_ratio": pull.norm() / (2 * (last * counted - real) / last.numel()).norm(),
    }
    for name, value in expected.items():
        assert metrics[name].item() == pytest.approx(torch.as_tensor(value).item(), rel=1e-4), name


@pytest.mark.parametrize(
    ("k", "real", "fake", "expected"),
    [(0.2, 4.0, 1.0, 0.3), (0.2, 1.0, 4.0, 0.0), (0.95, 4.0, 1.0, 1.0), (0.5, 2.0, 1.0, 0.5)],
)
def test_the_balance_follows_what_is_missing_to_equilibrium(k, real, fake, expected):
    """k + 0.1 (0.5 L_real - L_fake), within [0, 1]."""
    new = balance_step(torch.tensor(k), torch.tensor(real), torch.tensor(fake), ratio=0.5, rate=0.1)
    assert new.item() == pytest.approx(expected)


def test_convergence_is_the_real_loss_and_the_distance_from_equilibrium():
    assert convergence_measure(torch.tensor(2.0), torch.tensor(4.0), 0.5).item() == 5.0


def test_without_the_adversary_there_is_no_discriminator_and_no_balance():
    module = SAGANPoseModule(**SMALL, adversarial=False)
    assert not [name for name in module.state_dict() if not name.startswith("generator.")]
    trainer = train(module, [people()])
    assert len(trainer.optimizers) == 1
    assert trainer.global_step == 1
    assert {name for name in trainer.callback_metrics if name[0] in "lb"} == {"loss/heatmaps", "loss/zero_map"}


def test_both_rates_drop_at_the_milestones():
    module = SAGANPoseModule(**SMALL, milestones=(1, 2), lr=1e-3, discriminator_lr=1e-4)
    rates = []

    def note(trainer, *_):
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers])

    train(module, [people()], max_epochs=3, on_train_batch_end=note)
    assert rates == [pytest.approx([1e-3 * 0.2**n, 1e-4 * 0.2**n]) for n in range(3)]


def test_the_flip_test_averages_an_image_and_its_mirror_image():
    module, image = SAGANPoseModule(**SMALL).eval(), people()["image"]
    once = SAGANPoseModule(**SMALL, flip_test=False).eval()
    once.load_state_dict(module.state_dict())
    mirrored = flip_back(once.finder.heatmaps(image.flip(-1)), LSP.flip_pairs)
    torch.testing.assert_close(module.finder.heatmaps(image), (once.finder.heatmaps(image) + mirrored) / 2)


def with_heatmaps(module: SAGANPoseModule, batch: dict, shift: float = 0.0) -> SAGANPoseModule:
    """Has the module find the joints of the batch, ``shift`` crop pixels to the right of where they are."""
    everywhere = torch.ones_like(batch["labeled"])
    moved = batch["keypoints"] + torch.tensor([shift, 0.0])
    module.finder.heatmaps = lambda _: render_heatmaps(moved, everywhere, 8, 4, 1.0)
    return module


def test_joints_come_back_to_the_source_image():
    batch = people()
    module = with_heatmaps(SAGANPoseModule(**SMALL, decoding="taylor"), batch)
    found = module.predict_step(
        PoseRequest(
            names=batch["name"],
            images=batch["image"],
            to_source=batch["to_source"],
            paths=["", ""],
            people=[0, 0],
            boxes=torch.zeros(2, 4),
        )
    )
    inside = ((batch["keypoints"] > 6) & (batch["keypoints"] < 25)).all(-1)  # not in a cell at the border
    torch.testing.assert_close(found.keypoints_in_source[inside], batch["truth"][inside], rtol=0, atol=0.02)


def test_validation_reports_pck_by_groups_and_validate_prints_it(capsys):
    batch = people()
    batch["keypoints"].clamp_(7, 22)
    batch["truth"] = 2 * batch["keypoints"] + 10
    settings = {"decoding": "taylor", "thresholds": (0.2, 0.7)}
    module = with_heatmaps(SAGANPoseModule(**SMALL, **settings), batch, shift=4.0)
    trainer = train(module, [batch], validation=[batch])
    metrics = trainer.callback_metrics
    assert metrics["val/pck"].item() == 0  # 8 source pixels off, 0.2 of 20 allowed
    assert metrics["val/pck@0.7"].item() == 100
    assert metrics["val/pck@0.7_wrist"].item() == metrics["val/pck@0.7_weighted_mean"].item() == 100
    assert 0 < metrics["val/pck@0.7_auc"].item() < 100
    assert capsys.readouterr().out == ""
    trainer.test(module, torch.utils.data.DataLoader([batch], batch_size=None), verbose=False)
    title, strict, loose = (line.split() for line in capsys.readouterr().out.splitlines())
    assert title[1:8] == ["head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
    assert strict[:3] == ["PCK@0.2", "0.00", "0.00"]
    assert loose[:3] == ["PCK@0.7", "100.00", "100.00"]


def test_a_sheet_shows_the_pose_found_and_the_truth():
    batch = people()
    images = SAGANPoseModule(**SMALL).render(batch)
    assert list(images) == ["image", "pose", "heatmaps", "truth"]
    assert images["image"] is batch["image"]
    for picture in images.values():
        assert picture.shape == batch["image"].shape
        assert picture.abs().max() <= 1


def test_heatmaps_can_be_overfitted():
    """In 60 steps one image's error must fall far below that of empty maps, which is where it starts from."""
    batch = people(1)
    batch["labeled"][:] = True
    module = SAGANPoseModule(stacks=1, depth=2, channels=32, discriminator_channels=8, lr=2e-3)
    metrics = train(module, [batch], max_epochs=60).callback_metrics
    assert metrics["loss/heatmaps"] < 0.3 * metrics["loss/zero_map"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"skeleton": "coco"}, "lsp, mpii, figures, got 'coco'"),
        ({"thresholds": ()}, "at least one distance"),
        ({"sigma": 0.0}, "sigma must be above 0, got 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SAGANPoseModule(**SMALL | settings)


def test_images_that_cannot_be_halved_are_refused_before_the_first_step():
    with pytest.raises(ValueError, match=r"data\.image_size must be a multiple of 16 .* the images are 40x40"):
        train(SAGANPoseModule(**SMALL), [people(side=40)])


def test_people_of_another_skeleton_are_refused():
    with pytest.raises(ValueError, match=r"model\.skeleton has 14 joints, the data's people have 16"):
        train(SAGANPoseModule(**SMALL), [people(joints=16)])


def test_resuming_is_exact_with_the_balance(small, tmp_path):
    """A balance that moves, so that it is seen to come back; stopped in the middle of the second epoch."""
    moving = {"model__balance_rate": 0.05, "model__balance_ratio": 2.0}
    config = str(small("sagan_pose_figures", trainer__max_epochs=3, **moving))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={whole}"]) == 0
    base = ["fit", "--config", config, f"--trainer.default_root_dir={parts}"]
    assert main([*base, "--trainer.max_steps=4"]) == 0
    middle = torch.load(run_folder(parts, 0) / LAST, weights_only=True)["state_dict"]["balance"]
    assert main([*base, "--ckpt_path=last"]) == 0
    one, two = (torch.load(run_folder(*at) / LAST, weights_only=True) for at in ((whole, 0), (parts, 1)))
    assert 0 < middle < one["state_dict"]["balance"] < 1
    assert differences(one, two) == []


@pytest.mark.slow
def test_two_processes_train_as_one_with_one_balance(small, tmp_path):
    """Batch norm sees half the people in each, so that only k, weights and buffers are compared between the two."""
    moving = {"model__balance_rate": 0.05, "model__balance_ratio": 2.0}
    config = str(small("sagan_pose_figures", trainer__max_epochs=1, data__batch_size=1, **moving))
    run_two(["--config", config, "--trainer.callbacks+", probe("SaveRank", folder=str(tmp_path / "ranks"))])
    one, two = saved(tmp_path / "ranks", "state", 2)
    assert 0 < one["balance"] < 1
    assert differences(one, two) == []


def test_people_in_boxes_are_found_in_pictures_of_any_size(small, tmp_path):
    pictures, out = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "out"
    (tmp_path / "boxes.csv").write_text(
        "image,left,top,right,bottom\npicture0.png,2,3,12,18\npicture0.png,20,0,45,20\npicture2.png,0,0,33,33\n"
    )
    data = [f"--data.predict_folder={pictures}", f"--data.boxes={tmp_path / 'boxes.csv'}"]
    config = str(small("sagan_pose_figures"))
    writing = [f"--predictions.folder={out}", "--predictions.score_threshold=-10"]
    assert main(["predict", "--config", config, *data, *writing]) == 0
    content = json.loads((out / "keypoints.json").read_text())
    assert [(image["file_name"], image["width"], image["height"]) for image in content["images"]] == [
        ("picture0.png", 45, 20),
        ("picture2.png", 33, 33),
    ]
    assert [annotation["bbox"] for annotation in content["annotations"]] == [
        [2, 3, 10, 15],
        [20, 0, 25, 20],
        [0, 0, 33, 33],
    ]
    for annotation, (left, top, side) in zip(
        content["annotations"], [(-2.375, 1.125, 18.75), (16.875, -5.625, 31.25), (-4.125, -4.125, 41.25)], strict=True
    ):
        x, y = np.array(annotation["keypoints"]).reshape(14, 3)[:, :2].T
        assert ((left - 1 <= x) & (x <= left + side)).all()  # within 1.25 times the box's longer side about its middle
        assert ((top - 1 <= y) & (y <= top + side)).all()
    for name in ("picture0.png", "picture2.png"):
        before, after = (np.asarray(Image.open(folder / name).convert("RGB")) for folder in (pictures, out))
        assert before.shape == after.shape
        assert (before != after).any()


def test_a_video_goes_in_and_a_video_comes_out(small, tmp_path):
    clip = tmp_path / "in" / "clip.avi"
    clip.parent.mkdir()
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for shade in (50, 100, 150):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    config, predict = str(small("sagan_pose_figures")), [f"--data.predict_folder={clip}"]
    assert main(["predict", "--config", config, *predict, f"--predictions.folder={tmp_path / 'out'}"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.mp4", "keypoints.json"]
    assert len(Video(tmp_path / "out" / "clip.mp4")) == 3
    content = json.loads((tmp_path / "out" / "keypoints.json").read_text())
    assert len(content["annotations"]) == len(content["images"]) == 3
    assert main(["predict", "--config", config, *predict, f"--predictions.folder={clip.parent}"]) == 1


def test_predictions_come_from_the_weights_and_are_the_same_as_validations(small, tmp_path, capsys):
    """The figures held out, found by ``predict``: scored here against their labels, as ``validate`` scores them."""
    config = small("sagan_pose_figures", trainer__max_epochs=1)
    assert main(["fit", "--config", str(config)]) == 0
    last = ["--config", str(config), "--ckpt_path=last"]
    capsys.readouterr()
    assert main(["validate", *last, "--model.thresholds=[1.0]"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("PCK@1")]
    assert main(["predict", *last, f"--predictions.folder={tmp_path / 'out'}"]) == 0
    content = json.loads((tmp_path / "out" / "keypoints.json").read_text())
    figures = FiguresDataModule(train_count=6, val_count=3, image_size=64).validation_data()
    near = []
    for annotation, sample in zip(content["annotations"], figures, strict=True):
        points = torch.tensor(annotation["keypoints"]).reshape(14, 3)[:, :2]
        near.append((points - sample["truth"]).norm(dim=1) <= sample["reference_length"])
    assert float(line.split()[8]) == pytest.approx(100 * torch.stack(near).float().mean().item(), abs=0.01)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [f"figure_{n:06}.png" for n in (6, 7, 8)]

import pytest
import torch
import yaml

from gan_lab.cli import main
from gan_lab.errors import ConfigurationError
from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule
from gan_lab.samples import PathRequest, SeedRequest, StyleGridRequest, TranslateRequest
from tests.papers import paper
from tests.test_cli import failure
from tests.training import train

NARROW = {"generator_channels": 2, "discriminator_channels": 2}
SEEDS = SeedRequest.of([3, 12345])
PICTURE = TranslateRequest(names=["a.png"], source=torch.zeros(1, 3, 32, 32))
GRID = StyleGridRequest(
    names=["x.png"], seeds=torch.tensor([1]), style_seeds=torch.tensor([2]), layers=(0, 1), places=[(1, 1)]
)
PATH = PathRequest(names=["f.png"], seeds=torch.tensor([1, 2]), weights=torch.tensor([[0.5, 0.5]]), frames=[0])


def test_seeds_are_filed_under_their_numbers():
    assert SEEDS.names == ["seed0003.png", "seed12345.png"]
    assert len(SEEDS) == 2


def test_tensors_of_a_request_are_changed_and_nothing_else():
    changed = PATH.map_tensors(lambda tensor: tensor * 2)
    assert (changed.seeds.tolist(), changed.weights.tolist()) == ([2, 4], [[1.0, 1.0]])
    assert (changed.names, changed.frames, type(changed)) == (["f.png"], [0], PathRequest)
    assert PICTURE.map_tensors(lambda tensor: tensor + 1).target is None


@pytest.mark.parametrize(
    ("build", "request_", "kind"),
    [
        (lambda: Pix2PixModule(32, **NARROW), SEEDS, "Seed"),
        (lambda: CycleGANModule(**NARROW, blocks=1), PATH, "Path"),
        (lambda: ArtDCGANModule(28, 8, **NARROW), PICTURE, "Translate"),
        (lambda: ArtDCGANModule(28, 8, **NARROW), GRID, "StyleGrid"),
    ],
)
def test_a_model_refuses_what_it_does_not_make(build, request_, kind):
    module = build()
    with pytest.raises(ConfigurationError, match=f"{type(module).__name__} cannot answer .* '{kind}'"):
        module.predict_step(request_)


@pytest.mark.parametrize(
    ("config", "model", "message"),
    [
        ("sagan_pose_figures", "Pix2PixModule", "Pix2PixModule learns from PairedSamples, which have source, target;"),
        ("art_dcgan_28", "CycleGANModule", "CycleGANModule learns from UnpairedSamples, which have a, b;"),
        ("pix2pix_emoji", "ArtDCGANModule", "ArtDCGANModule learns from ImageSamples, which have image;"),
    ],
)
def test_the_data_of_another_paper_is_refused_in_one_sentence(small, capsys, config, model, message):
    tree = yaml.safe_load(small(config).read_text())
    path = small(config)
    tree["model"] = {"class_path": model}
    tree["trainer"]["callbacks"] = []
    path.write_text(yaml.safe_dump(tree))
    for command in ("fit", "validate"):
        assert main([command, "--config", str(path)]) == 2
        said = capsys.readouterr().err
        assert message in said
        assert said.count("gan-lab: ") == 1


@pytest.mark.parametrize(
    ("config", "option", "key"),
    [
        ("pix2pix_folder", "in_channels", "source"),
        ("pix2pix_emoji", "out_channels", "target"),
        ("cyclegan_folders", "channels", "a"),
        ("art_dcgan_emoji", "channels", "image"),
    ],
)
def test_channels_that_the_data_has_not_are_one_sentence_in_every_command(small, capsys, config, option, key):
    path = small(config, **{f"model__{option}": 1})
    for command in ("fit", "validate", "predict"):
        if command == "predict" and option != "in_channels":
            continue
        said = failure(capsys, [command, "--config", str(path)], status=2)
        assert said.endswith(f"the data's images ({key}) have 3 channels, but model.{option} is 1: set it to 3")


def test_networks_of_rgb_refuse_gray_images():
    for name, key in (("stylegan", "image"), ("sagan_pose", "image")):
        module, batch = paper(name)
        with pytest.raises(ConfigurationError, match=r"\(image\) have 1 channels, but the model takes 3$"):
            train(module, [batch | {key: batch[key][:, :1]}])
    module = Pix2PixModule(32, 1, 2, color_space="lab", **NARROW)
    gray = {"source": torch.zeros(1, 1, 32, 32), "target": torch.zeros(1, 3, 32, 32), "name": ["x"]}
    with pytest.raises(ConfigurationError, match=r"\(source\) have 1 channels, but the model takes 3$"):
        train(module, [gray])

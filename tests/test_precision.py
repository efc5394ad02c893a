"""What is computed in which precision: gradients, losses and measures of every paper."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.plugins.precision import MixedPrecision
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from gan_lab.callbacks import PathLength
from gan_lab.images.color import chroma, lightness, to_rgb
from gan_lab.losses import (
    discriminator_loss,
    drift_penalty,
    generator_loss,
    gradient_penalty,
    l1_loss,
    r1_penalty,
)
from gan_lab.metrics.extractors import FeatureExtractor
from gan_lab.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    HeatmapDiscriminator,
    PatchDiscriminator,
    ResNetGenerator,
    StackedHourglass,
    StyleGANDiscriminator,
    StyleGANGenerator,
    UNetGenerator,
)
from gan_lab.networks.hourglass import HourglassSettings
from gan_lab.networks.resampling import pixel_norm
from gan_lab.pose.heatmaps import render_heatmaps
from gan_lab.pose.predicted_poses import transform_keypoints
from gan_lab.samples import SeedRequest
from tests.papers import HELD, PAPERS, float16, paper
from tests.training import train

HALVES = (torch.float16, torch.bfloat16)
COARSE = (*HALVES, torch.float32)


def gradients(name: str, rounded: torch.dtype | None = None, **precision: Any) -> dict[str, torch.Tensor]:
    """The float64 value of every parameter's gradient in one step that leaves weights as they are, by network."""
    module, batch = paper(name, **HELD[name])
    if rounded is not None:
        for weight in module.parameters():
            weight.data = weight.data.to(rounded).float()
        batch = {key: value.to(rounded).float() if _is_image(value) else value for key, value in batch.items()}
    train(module, [batch], **precision)
    nets: dict[str, list[torch.Tensor]] = {}
    for path, weight in module.named_parameters():
        if weight.grad is not None:
            nets.setdefault(path.partition(".")[0], []).append(weight.grad.double().flatten())
    return {net: torch.cat(parts) for net, parts in nets.items()}


def _is_image(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim == 4


def errors(ours: dict[str, torch.Tensor], exact: dict[str, torch.Tensor]) -> dict[str, float]:
    assert {net: len(gradient) for net, gradient in ours.items()} == {net: len(each) for net, each in exact.items()}
    return {net: ((ours[net] - gradient).norm() / gradient.norm()).item() for net, gradient in exact.items()}


@pytest.mark.parametrize("name", PAPERS)
def test_every_stepped_parameter_gets_its_gradient_within_the_precision(name):
    """Mixed precision errs by little more than what rounding the weights and the images alone does to the gradient."""
    exact = gradients(name, precision="64-true")
    assert max(errors(gradients(name, precision="32-true"), exact).values()) < 1e-3
    for rounded, settings in ((torch.bfloat16, {"precision": "bf16-mixed"}), (torch.float16, {"plugins": [float16()]})):
        unavoidable = errors(gradients(name, rounded, precision="64-true"), exact)
        for net, error in errors(gradients(name, **settings), exact).items():
            assert error < 4 * unavoidable[net] + 0.1, (rounded, net)


@pytest.mark.parametrize("name", PAPERS)
def test_steps_do_not_depend_on_autocasts_cache(name, monkeypatch):
    """It would hold weights of before a step, or from where no gradients were wanted, and sum theirs in bfloat16."""
    states = []
    for cached in (False, True):

        def autocast(self, cached=cached):
            return torch.autocast("cpu", torch.bfloat16, cache_enabled=cached)

        monkeypatch.setattr(MixedPrecision, "autocast_context_manager", autocast)
        module, batch = paper(name)
        train(module, [batch] * 2, precision="bf16-mixed")
        states.append(module.state_dict())
    assert all(torch.equal(tensor, states[1][key]) for key, tensor in states[0].items())


@pytest.mark.parametrize("name", PAPERS)
def test_random_numbers_are_the_same_in_every_precision(name):
    """So losses before any step agree: float32 with double, bfloat16 roughly."""
    losses = {}
    for precision in ("64-true", "32-true", "bf16-mixed"):
        module, batch = paper(name, **HELD[name])
        losses[precision] = train(module, [batch], precision=precision).callback_metrics
    names = [key for key in losses["64-true"] if key.startswith("loss/")]
    for key in names:
        exact = losses["64-true"][key].item()
        assert losses["32-true"][key].item() == pytest.approx(exact, rel=1e-4), key
        assert losses["bf16-mixed"][key].item() == pytest.approx(exact, rel=0.05, abs=0.02), key


@pytest.mark.parametrize("name", PAPERS)
def test_gradients_that_overflow_are_not_stepped(name):
    """The weights stay, the scale is halved for each optimizer, and the run goes on."""
    module, batch = paper(name)
    before = {key: weight.clone() for key, weight in module.named_parameters()}
    plugin = float16(scale=2.0**100)
    assert train(module, [batch] * 2, plugins=[plugin]).global_step == 2
    assert all(torch.equal(weight, before[key]) for key, weight in module.named_parameters())
    assert plugin.scaler.get_scale() == 2.0**96


class NothingIsCast(TorchDispatchMode):
    """Notes every operation that makes coarser numbers of double ones."""

    def __init__(self) -> None:
        super().__init__()
        self.casts: list[str] = []
        self.doubles = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs, outputs = (
            [leaf.dtype for leaf in torch.utils._pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
            for tree in ((args, kwargs), result)
        )
        self.doubles += torch.float64 in outputs
        if torch.float64 in inputs and set(outputs) & set(COARSE):
            self.casts.append(str(func))
        return result


@pytest.mark.parametrize("name", PAPERS)
def test_double_is_double_all_through(name):
    module, batch = paper(name)
    with NothingIsCast() as seen:
        train(module, [batch], validation=[batch], precision="64-true")
        if module.sampler is None:
            module.render({key: value.double() if _is_image(value) else value for key, value in batch.items()})
    assert seen.doubles > 100
    assert seen.casts == []
    if module.sampler is not None:
        assert module.sampler.images(SeedRequest.of([1])).dtype == torch.float64


@pytest.mark.parametrize("half", HALVES)
def test_losses_and_penalties_of_half_precision_are_taken_in_float32(half):
    real, fake = torch.randn(8, 1), torch.randn(8, 1)
    images, others = torch.randn(4, 3, 8, 8), torch.randn(4, 3, 8, 8)
    for loss in (
        lambda one, two: discriminator_loss(one, two, "vanilla"),
        lambda one, two: discriminator_loss(one, two, "hinge"),
        lambda one, two: generator_loss(two, "lsgan"),
        lambda one, two: drift_penalty(one),
    ):
        one, two = real.to(half), fake.to(half)
        value = loss(one, two)
        assert value.dtype == torch.float32
        assert value == loss(one.float(), two.float())
        assert loss(real.double(), fake.double()).dtype == torch.float64
    assert l1_loss(images.to(half), others.to(half)) == l1_loss(images.to(half).float(), others.to(half).float())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("images", [torch.float32, None])
def test_penalties_take_a_critic_of_any_precision(dtype, images):
    """Of which the value is near float32's, and the gradient that of the critic's own precision."""
    torch.manual_seed(0)
    critic = StyleGANDiscriminator(resolution=8, base_channels=32, max_channels=8)
    real, fake = torch.randn(4, 3, 8, 8), torch.randn(4, 3, 8, 8)

    def penalties(network: StyleGANDiscriminator, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(1)
        slope = gradient_penalty(network, real.to(dtype), fake.to(dtype))
        seen = real.to(dtype).requires_grad_(True)
        return slope, r1_penalty(network(seen), seen)

    expected = penalties(critic, torch.float32)
    for value, full in zip(penalties(critic.to(dtype), images or dtype), expected, strict=True):
        assert value.dtype == torch.promote_types(images or dtype, torch.float32)
        assert value.item() == pytest.approx(full.item(), rel=1e-6 if dtype == torch.float64 else 0.05)
        (gradient,) = torch.autograd.grad(value, critic.dense.weight)
        assert gradient.dtype == dtype
        assert 0 < gradient.norm() < float("inf")


@pytest.mark.parametrize("half", HALVES)
def test_statistics_of_half_precision_are_taken_in_float32(half):
    """A generator of half precision errs by what it is rounded to; its small features are not lost in eps."""
    small = (1e-3 * torch.randn(2, 8, 4, 4)).to(half)
    torch.testing.assert_close(pixel_norm(small), pixel_norm(small.float()).to(half))
    generator = StyleGANGenerator(resolution=8, latent_size=8, base_channels=32, max_channels=8, mapping_layers=2)
    ws = torch.randn(2, 4, 8)
    noise = [torch.zeros(1, 1, side, side) for side in (4, 4, 8, 8)]
    full = generator(ws, noise=noise)
    made = generator.to(half)(ws, noise=noise)
    assert made.dtype == half
    assert (made - full).norm() < 0.05 * full.norm()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_networks_take_images_of_any_precision(dtype):
    """And compute in that of their weights."""
    images = torch.rand(4, 3, 32, 32) * 2 - 1
    small = HourglassSettings(joints=2, depth=1, channels=8)
    for network, inputs in (
        (UNetGenerator(image_size=32, base_channels=4, dropout=False, norm="instance"), [images]),
        (ResNetGenerator(blocks=1, base_channels=4), [images]),
        (PatchDiscriminator(in_channels=3, receptive_field=16, base_channels=4), [images]),
        (DCGANGenerator(image_size=32, latent_size=8, base_channels=2), [torch.randn(4, 8, 1, 1)]),
        (DCGANDiscriminator(image_size=32, base_channels=2), [images]),
        (StackedHourglass(small, stacks=1), [images]),
        (HeatmapDiscriminator(small), [images, torch.rand(4, 2, 8, 8)]),
    ):
        with torch.no_grad():
            full = network(*inputs)
            made = network.to(dtype)(*inputs)
        assert made.dtype == dtype
        error = (made - full).norm() / full.norm()
        assert error < (1e-4 if dtype == torch.float64 else 0.2), type(network).__name__


def test_colors_and_coordinates_are_exact_under_autocast():
    points, affine = torch.tensor([[[123.4, 567.8]]]), torch.tensor([[[1.5, 0.25, 1001.0], [0.0, 2.5, 7.0]]])
    images = torch.rand(1, 3, 8, 8) * 2 - 1
    with torch.autocast("cpu", torch.bfloat16):
        mapped = transform_keypoints(points, affine)
        again = to_rgb(lightness(images), chroma(images))
    torch.testing.assert_close(mapped, torch.tensor([[[1328.05, 1426.5]]]))
    torch.testing.assert_close(again, images, rtol=0, atol=1e-4)


class Distance(nn.Module):
    """Of images, by float32 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Conv2d(3, 4, 3)

    def forward(self, one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
        return (self.see(one) - self.see(two)).square().mean((1, 2, 3))


def test_path_lengths_of_a_double_generator_are_measured_in_double():
    lengths = {}
    for precision in (torch.float32, torch.float64):
        module, _ = paper("stylegan")
        module.to(precision)
        callback = PathLength(Distance(), num_paths=4, batch_size=2, epsilon=1e-2)
        module.log = lambda name, value, precision=precision, **_: lengths.update({(name, precision): value})
        with torch.no_grad():
            callback.measure(SimpleNamespace(global_rank=0, world_size=1), module, "val")
        assert callback.distance.see.weight.dtype == precision
    for name in ("val/ppl_wfull", "val/ppl_wend"):
        assert lengths[name, torch.float64] == pytest.approx(lengths[name, torch.float32], rel=1e-2)


class HalfExtractor(FeatureExtractor):
    def __init__(self, half: torch.dtype, weight: float) -> None:
        super().__init__()
        self.register_buffer("weight", torch.full((2, 3), weight, dtype=half))
        self.register_buffer("scale", torch.ones((), dtype=half))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.float().mean((2, 3))


@pytest.mark.parametrize("half", HALVES)
def test_extractors_of_half_precision_are_told_apart(half):
    assert HalfExtractor(half, 1.0).identity() == HalfExtractor(half, 1.0).identity()
    assert HalfExtractor(half, 1.0).identity() != HalfExtractor(half, 2.0).identity()


def test_measures_of_mixed_precision_are_those_of_float32():
    """SSIM takes differences of near numbers; joints are at pixels that bfloat16 does not have."""
    scores = []
    for precision in ("32-true", "bf16-mixed"):
        module, batch = paper("pix2pix")
        module.translate = lambda source: 0.9 * source
        pix2pix = train(module, [batch], validation=[batch | {"target": batch["source"]}], precision=precision)
        module, batch = paper("sagan_pose", decoding="taylor", thresholds=(0.05, 0.01))
        heatmaps = render_heatmaps(batch["keypoints"], torch.ones(2, 14), 8, 4, 1.0)
        module.finder.heatmaps = lambda image, heatmaps=heatmaps: heatmaps
        pose = train(module, [batch], validation=[batch], precision=precision)
        names = ("val/l1", "val/psnr", "val/ssim"), ("val/pck", "val/pck@0.01")
        scores.append(
            [run.callback_metrics[name].item() for run, of in zip((pix2pix, pose), names, strict=True) for name in of]
        )
    assert scores[0] == scores[1]
    assert scores[0][2] < 1
    assert scores[0][3] > 50

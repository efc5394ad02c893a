import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.networks import StyleGANDiscriminator, StyleGANGenerator
from gan_lab.networks.resampling import (
    Blur,
    EqualizedConv2d,
    EqualizedLinear,
    downsample,
    downsampled_conv,
    upsample,
    upsampled_conv,
)
from gan_lab.networks.stylegan import MappingNetwork, mix_styles, side_of, truncate
from gan_lab.networks.stylegan_discriminator import minibatch_stddev
from gan_lab.schedules import style_layer_count

TINY = {"base_channels": 64, "max_channels": 8}
SYNTHESIS = {"styles": False, "constant_input": False, "noise": False, "pixel_norm": True, "instance_norm": False}
TRADITIONAL = SYNTHESIS | {"mapping_layers": 0}


def size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def tiny_generator(resolution: int = 32, **settings) -> StyleGANGenerator:
    """With noise that shows."""
    generator = StyleGANGenerator(resolution=resolution, latent_size=8, **TINY, **settings).double()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_scale"):
            nn.init.normal_(parameter)
    return generator


def codes(generator: StyleGANGenerator, count: int = 3) -> Tensor:
    w = generator.mapping(torch.randn(count, generator.latent_size, dtype=torch.double))
    return w[:, None].expand(-1, style_layer_count(generator.resolution), -1)


def noise_maps(resolution: int) -> list[Tensor]:
    sides = [side_of(layer) for layer in range(style_layer_count(resolution))]
    return [torch.randn(1, 1, side, side, dtype=torch.double) for side in sides]


@pytest.mark.parametrize(
    ("resolution", "generator", "discriminator"),
    [  # the released networks'; the paper's Table of 26.2 M is the first
        (1024, 26_219_627, 23_087_249),
        (512, 26_179_768, 23_080_225),
        (256, 26_086_229, 23_052_353),
        (128, 25_843_858, 22_941_313),
        (64, 25_137_935, 22_498_049),
        (32, 22_841_356, 20_726_785),
        (16, 17_068_553, 16_005_121),
        (8, 11_295_750, 11_283_457),
    ],
)
def test_networks_have_the_published_number_of_parameters(resolution, generator, discriminator):
    with torch.device("meta"):
        assert size(StyleGANGenerator(resolution=resolution)) == generator
        assert size(StyleGANDiscriminator(resolution=resolution)) == discriminator


def test_the_mapping_and_the_traditional_generator_have_the_published_number_of_parameters():
    with torch.device("meta"):
        assert size(MappingNetwork(512, 8)) == 2_101_248
        assert size(StyleGANGenerator(**TRADITIONAL)) == 23_079_115
        assert size(StyleGANGenerator(**TRADITIONAL, blurred=False)) == 23_079_115


def test_layers_start_at_hes_deviation_whatever_their_learning_rate():
    x = torch.randn(4096, 64)
    for layer in (EqualizedLinear(64, 64), EqualizedLinear(64, 64, lr_multiplier=0.01)):
        assert layer(x).std().item() == pytest.approx(math.sqrt(2), rel=0.1)
    assert EqualizedLinear(64, 64, gain=1.0)(x).std().item() == pytest.approx(1, rel=0.1)
    assert EqualizedConv2d(64, 64)(torch.randn(8, 64, 16, 16)).std().item() == pytest.approx(math.sqrt(2), rel=0.1)


@pytest.mark.parametrize("side", [4, 10])
def test_fused_resampling_is_the_two_operations_in_turn(side):
    x, bias = torch.randn(2, 3, side, side, dtype=torch.double), torch.randn(5, dtype=torch.double)
    weight = torch.randn(5, 3, 3, 3, dtype=torch.double)  # without symmetry: a kernel turned the wrong way shows
    up = F.conv2d(F.interpolate(x, scale_factor=2), weight, bias, padding=1)
    down = F.avg_pool2d(F.conv2d(x, weight, bias, padding=1), 2)
    for fused in (True, False, None):
        torch.testing.assert_close(upsampled_conv(x, weight, bias, fused), up)
        torch.testing.assert_close(downsampled_conv(x, weight, bias, fused), down)


def test_blur_is_the_binomial_filter_and_bilinear_inside():
    x = torch.randn(2, 3, 6, 6, dtype=torch.double)
    kernel = torch.tensor([1.0, 2, 1], dtype=torch.double)
    kernel = (kernel[:, None] * kernel / 16).expand(3, 1, 3, 3)
    torch.testing.assert_close(Blur()(x), F.conv2d(x, kernel, padding=1, groups=3))
    bilinear = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(Blur()(upsample(x))[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1])


def test_blur_can_be_differentiated_twice():
    x = torch.randn(1, 2, 4, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(Blur().double(), x)
    assert torch.autograd.gradgradcheck(Blur().double(), x)


def test_the_discriminators_second_derivatives_are_right():
    """R1 trains through them: blur, both ways of halving, and the deviation over the batch, against differences."""
    network = StyleGANDiscriminator(resolution=8, base_channels=16, max_channels=2).double()
    images = torch.randn(2, 3, 8, 8, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda image: network(image).sum(), images)


@pytest.mark.parametrize(("batch", "group", "used"), [(8, 4, 4), (6, 4, 3), (3, 4, 3), (2, 4, 2), (5, 4, 1)])
def test_the_deviation_is_of_every_nth_image(batch, group, used):
    x = torch.randn(batch, 2, 4, 4, dtype=torch.double)
    channel = minibatch_stddev(x, group)
    stride = batch // used
    for image in range(batch):
        members = x[image % stride :: stride]
        expected = (members.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(channel[image], expected.expand(1, 4, 4))


@pytest.mark.parametrize("settings", [{}, TRADITIONAL], ids=["style-based", "traditional"])
@pytest.mark.parametrize("resolution", [8, 16, 32])
def test_growing_changes_nothing_at_first(resolution, settings):
    generator, discriminator = tiny_generator(**settings), StyleGANDiscriminator(resolution=32, **TINY).double()
    styles, noise = codes(generator), noise_maps(32)
    small = generator(styles, resolution // 2, 1.0, noise)
    torch.testing.assert_close(generator(styles, resolution, 0.0, noise), upsample(small))
    image = torch.randn(3, 3, resolution, resolution, dtype=torch.double)
    torch.testing.assert_close(discriminator(image, 0.0), discriminator(downsample(image)))


@pytest.mark.parametrize("alpha", [0.25, 0.75])
def test_a_fading_image_is_the_blend_of_the_old_and_the_new(alpha):
    generator = tiny_generator()
    styles, noise = codes(generator), noise_maps(32)
    old, new = generator(styles, 8, 1.0, noise), generator(styles, 16, 1.0, noise)
    torch.testing.assert_close(generator(styles, 16, alpha, noise), (1 - alpha) * upsample(old) + alpha * new)


def test_layers_of_sizes_not_reached_yet_or_no_longer_shown_get_no_gradient():
    generator, discriminator = tiny_generator(), StyleGANDiscriminator(resolution=32, **TINY).double()
    discriminator(generator(codes(generator), 16, 1.0)).sum().backward()
    without = {name for name, parameter in generator.named_parameters() if parameter.grad is None}
    assert {name.split(".")[1] for name in without} == {"0", "1", "3", "5", "6"}  # to_rgb 0, 1, 3; layers 5, 6
    assert {name.split(".")[0] for name in without} == {"to_rgb", "layers"}
    without = {name for name, parameter in discriminator.named_parameters() if parameter.grad is None}
    assert {".".join(name.split(".")[:2]) for name in without} == {
        *(f"from_rgb.{level}" for level in (0, 1, 3)),
        "blocks.2",
    }


def test_an_epilogue_is_the_papers():
    """Noise, bias, leaky ReLU, instance norm, then style, written out on the first layer."""
    generator = tiny_generator()
    first = generator.first
    nn.init.normal_(first.bias)
    x, w, noise = (torch.randn(*s, dtype=torch.double) for s in [(2, 8, 4, 4), (2, 8), (2, 1, 4, 4)])
    y = x + noise * first.noise_scale.view(1, -1, 1, 1) + first.bias.view(1, -1, 1, 1)
    y = torch.where(y > 0, y, 0.2 * y)
    y = (y - y.mean((2, 3), keepdim=True)) / (y.var((2, 3), correction=0, keepdim=True) + 1e-8).sqrt()
    affine = w @ first.style.weight.T / math.sqrt(8) + first.style.bias
    expected = y * (affine[:, :8, None, None] + 1) + affine[:, 8:, None, None]
    torch.testing.assert_close(first(x, w, noise), expected)


def test_each_layer_draws_its_own_noise_for_each_image():
    generator = tiny_generator()
    styles = codes(generator, 1).expand(2, -1, -1)
    one, two = generator(styles, 8)
    assert not torch.allclose(one, two)
    torch.manual_seed(5)
    images = generator(styles, 8)
    torch.manual_seed(5)
    drawn = [torch.randn(2, 1, side, side).double() for side in (4, 4, 8, 8)]
    torch.testing.assert_close(generator(styles, 8, noise=drawn), images)


def test_mixed_styles_come_from_both_codes_each_in_its_layers():
    w, other = torch.randn(2, 8), torch.randn(2, 8)
    for layers in [range(2, 5), range(6, 12), range(8, 12), range(0)]:
        mixed = mix_styles(w, other, layers, 8)
        for layer in range(8):
            assert torch.equal(mixed[:, layer], other if layer in layers else w)


def test_each_layer_follows_its_own_style_alone():
    """Changing the code of a layer changes what is made from there on, and nothing before."""
    generator = tiny_generator(16)
    styles, noise = codes(generator), noise_maps(16)
    seen: list[Tensor] = []
    for epilogue in [generator.first, *(layer.epilogue for layer in generator.layers)]:
        epilogue.register_forward_hook(lambda *args: seen.append(args[2]))
    generator(styles, noise=noise)
    plain = seen.copy()
    for changed in range(6):
        seen.clear()
        generator(mix_styles(styles[:, 0], styles[:, 0] + 1, range(changed, changed + 1), 6), noise=noise)
        same = [torch.equal(one, two) for one, two in zip(seen, plain, strict=True)]
        assert same == [layer < changed for layer in range(6)]


def test_truncation_draws_coarse_layers_towards_the_mean():
    ws, w_avg = torch.randn(2, 6, 8), torch.randn(8)
    torch.testing.assert_close(truncate(ws, w_avg, truncation_psi=1.0, truncation_cutoff=4), ws)
    assert torch.equal(truncate(ws, w_avg, truncation_psi=0.0, truncation_cutoff=6), w_avg.expand(2, 6, 8))
    half = truncate(ws, w_avg, truncation_psi=0.5, truncation_cutoff=4)
    torch.testing.assert_close(half[:, :4], (ws[:, :4] + w_avg) / 2)
    assert torch.equal(half[:, 4:], ws[:, 4:])


@pytest.mark.parametrize("resolution", [4, 20, 0])
def test_a_resolution_that_is_no_power_of_two_is_refused(resolution):
    for network in (StyleGANGenerator, StyleGANDiscriminator):
        with pytest.raises(ValueError, match=f"power of two from 8, got {resolution}"):
            network(resolution=resolution)


def test_too_few_channels_are_refused():
    with pytest.raises(ValueError, match="base_channels must be at least 16"):
        StyleGANGenerator(resolution=32, base_channels=8)


def test_parameters_keep_the_order_that_optimizer_states_of_old_checkpoints_have():
    """Adam's moments are stored by the parameters' places: these are those of version 0.1, under today's names."""
    with torch.device("meta"):
        generator = StyleGANGenerator(resolution=8, mapping_layers=1)
        traditional = StyleGANGenerator(resolution=8, **TRADITIONAL)
        discriminator = StyleGANDiscriminator(resolution=8)
    style, rgb = (
        ["style.weight", "style.bias"],
        ["to_rgb.0.weight", "to_rgb.0.bias", "to_rgb.1.weight", "to_rgb.1.bias"],
    )
    layers = [
        f"layers.{layer}.{name}"
        for layer in range(3)
        for name in ("conv.weight", "epilogue.bias", "epilogue.noise_scale", *(f"epilogue.{name}" for name in style))
    ]
    first = ["first.bias", "first.noise_scale", *(f"first.{name}" for name in style)]
    mapping = ["mapping.layers.0.weight", "mapping.layers.0.bias"]
    assert [name for name, _ in generator.named_parameters()] == ["constant", *mapping, *first, *layers, *rgb]
    plain = [f"layers.{layer}.{name}" for layer in range(3) for name in ("conv.weight", "epilogue.bias")]
    assert [name for name, _ in traditional.named_parameters()] == ["dense.weight", "first.bias", *plain, *rgb]
    modules = ["from_rgb.0", "from_rgb.1", "blocks.0.conv0", "blocks.0.conv1_down", "conv", "dense", "logit"]
    assert [name for name, _ in discriminator.named_parameters()] == [
        f"{module}.{tensor}" for module in modules for tensor in ("weight", "bias")
    ]


def test_channels_are_those_of_the_released_networks():
    with torch.device("meta"):
        discriminator = StyleGANDiscriminator(resolution=1024)
    widths = [conv.weight.shape[0] for conv in discriminator.from_rgb]
    assert widths == [512, 512, 512, 512, 256, 128, 64, 32, 16]  # 4 to 1024 pixels
    blocks = [(block.conv0.weight.shape[1], block.conv1_down.weight.shape[0]) for block in discriminator.blocks]
    assert blocks == [(wide, narrow) for narrow, wide in itertools.pairwise(widths)]

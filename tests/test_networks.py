import copy
from functools import partial

import pytest
import torch
from torch import nn

from gan_lab.errors import ConfigurationError
from gan_lab.networks import PatchDiscriminator, ResNetGenerator, UNetGenerator
from gan_lab.networks.layers import frozen, inference_behavior, norm_layer, pad_to_multiple
from gan_lab.networks.unet import rename_reference_weights
from tests.processes import in_two


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


PUBLISHED = {  # parameters, measured on the authors' PyTorch implementation
    54_413_955: partial(UNetGenerator, image_size=256, norm="batch"),
    54_409_603: partial(UNetGenerator, image_size=256, norm="instance"),
    41_828_995: partial(UNetGenerator, image_size=128, norm="batch"),
    41_825_667: partial(UNetGenerator, image_size=128, norm="instance"),
    11_378_179: partial(ResNetGenerator, blocks=9, norm="instance"),
    11_383_427: partial(ResNetGenerator, blocks=9, norm="batch"),
    7_837_699: partial(ResNetGenerator, blocks=6, norm="instance"),
    7_841_411: partial(ResNetGenerator, blocks=6, norm="batch"),
}
FIELDS = (1, 16, 34, 70, 142, 286)
PATCHES = {  # norm, channels: parameters of each receptive field
    ("instance", 3): (8_705, 136_385, 662_977, 2_764_737, 6_959_553, 11_154_369),
    ("batch", 6): (9_024, 139_585, 666_433, 2_768_705, 6_964_033, 11_159_361),
}
PUBLISHED |= {
    parameters: partial(PatchDiscriminator, in_channels=channels, receptive_field=field, norm=norm)
    for (norm, channels), counts in PATCHES.items()
    for field, parameters in zip(FIELDS, counts, strict=True)
}


@pytest.mark.parametrize(("parameters", "build"), PUBLISHED.items())
def test_networks_of_translation_have_the_published_number_of_parameters(parameters, build):
    with torch.device("meta"):
        assert count(build()) == parameters


@pytest.mark.parametrize("receptive_field", [1, 16, 34, 70, 142, 286])
def test_a_logit_sees_a_patch_of_the_stated_size(receptive_field):
    size = 512
    discriminator = PatchDiscriminator(in_channels=1, receptive_field=receptive_field, base_channels=2)
    for layer in discriminator.layers:  # all weights alike and no norm: no gradient can cancel out
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 1.0)
    discriminator.layers = nn.Sequential(*[x for x in discriminator.layers if not isinstance(x, nn.BatchNorm2d)])
    image = torch.ones(1, 1, size, size, requires_grad=True)
    logits = discriminator(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    seen = image.grad[0, 0].nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [receptive_field, receptive_field]


def test_patch_discriminator_judges_30x30_patches_of_256_pixels():
    discriminator = PatchDiscriminator(in_channels=3, receptive_field=70, base_channels=2)
    assert discriminator(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize("skip_connections", [True, False])
@pytest.mark.parametrize("image_size", [32, 64])
def test_unet_gives_an_image_of_its_sources_size(image_size, skip_connections):
    network = UNetGenerator(out_channels=1, image_size=image_size, base_channels=2, skip_connections=skip_connections)
    image = network(torch.randn(2, 3, image_size, 2 * image_size))
    assert image.shape == (2, 1, image_size, 2 * image_size)
    assert image.abs().max() <= 1


def test_unet_refuses_a_size_that_cannot_be_halved_to_one():
    with pytest.raises(ValueError, match="power of two and at least 32, got 48"):
        UNetGenerator(image_size=48)


def test_dropout_is_where_the_reference_has_it():
    def levels(size: int) -> int:
        return sum(isinstance(layer, nn.Dropout) for layer in UNetGenerator(image_size=size, base_channels=1).modules())

    assert [levels(size) for size in (32, 64, 128, 256)] == [0, 1, 2, 3]


def reference_unet(depth: int, width: int) -> nn.Module:
    """The reference's nesting written from its description, to have its names and its arithmetic to compare with."""

    class Level(nn.Module):
        def __init__(self, outer: int, inner: int, sub: nn.Module | None, kind: str) -> None:
            super().__init__()
            self.outermost = kind == "outermost"
            down = nn.Conv2d(3 if self.outermost else outer, inner, 4, 2, 1, bias=False)
            up_in = inner if kind == "innermost" else 2 * inner
            up = nn.ConvTranspose2d(up_in, 3 if self.outermost else outer, 4, 2, 1, bias=self.outermost)
            if kind == "outermost":
                layers = [down, sub, nn.ReLU(), up, nn.Tanh()]
            elif kind == "innermost":
                layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
            else:
                norms = nn.BatchNorm2d(inner), nn.BatchNorm2d(outer)
                layers = [nn.LeakyReLU(0.2), down, norms[0], sub, nn.ReLU(), up, norms[1]]
            self.model = nn.Sequential(*layers)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)

    widths = [min(width * 2**level, width * 8) for level in range(depth)]
    block = Level(widths[-2], widths[-1], None, "innermost")
    for level in range(depth - 2, 0, -1):
        block = Level(widths[level - 1], widths[level], block, "middle")
    network = nn.Module()
    network.model = Level(3, width, block, "outermost")
    return network


def test_reference_weights_load_by_renaming_and_compute_the_same_image():
    reference = reference_unet(depth=6, width=4).double()
    generator = UNetGenerator(image_size=64, base_channels=4, dropout=False).double()
    generator.load_state_dict(rename_reference_weights(reference.state_dict(), generator))
    source = torch.randn(2, 3, 64, 64, dtype=torch.double)
    torch.testing.assert_close(generator(source), reference.model(source), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_has_the_right_gradient_for_a_single_image_in_either_layout(layout):
    image = torch.randn(1, 8, 16, 16, dtype=torch.double)
    weight = torch.randn(1, 8, 16, 16, dtype=torch.double)

    by_hand = image.clone().requires_grad_(True)
    centered = by_hand - by_hand.mean((2, 3), keepdim=True)
    ((centered / (centered.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()) * weight).sum().backward()

    given = image.float().to(memory_format=layout).requires_grad_(True)
    out = norm_layer("instance", 8)(given)
    out.backward(weight.float().to(memory_format=layout))
    torch.testing.assert_close(given.grad.double(), by_hand.grad, rtol=1e-4, atol=1e-5)


def test_inference_behavior_draws_noise_but_leaves_the_network_as_it_was():
    network = UNetGenerator(image_size=64, base_channels=4)
    source = torch.randn(2, 3, 64, 64)
    network(source)
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad(), inference_behavior(network, dropout=True, batch_statistics=True):
        assert not torch.equal(network(source), network(source))
    with torch.no_grad(), inference_behavior(network, dropout=False, batch_statistics=True):
        own_statistics = network(source[:1])
        assert torch.equal(own_statistics, network(source[:1]))
    with torch.no_grad(), inference_behavior(network, dropout=False, batch_statistics=False):
        assert not torch.equal(own_statistics, network(source[:1]))
        torch.testing.assert_close(network(source)[:1], network(source[:1]))  # no sample sees another
    assert all(layer.training for layer in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_one_process_shows_images_by_their_own_statistics_while_the_others_wait(tmp_path):
    """Batch norm over all processes would wait for theirs; sheets are rendered in one process."""
    images = torch.randn(2, 3, 4, 4) * 5 + 1

    def work(rank):
        norm = nn.SyncBatchNorm(3)
        norm.running_mean.fill_(7)
        if rank == 1:
            return None
        with torch.no_grad(), inference_behavior(norm, dropout=False, batch_statistics=True):
            shown = norm(images)
        assert norm.training
        assert norm.running_mean.tolist() == [7] * 3
        return shown.flatten().tolist()

    shown, _ = in_two(work, tmp_path)
    expected = (images - images.mean((2, 3), keepdim=True)) / images.std((2, 3), correction=0, keepdim=True)
    torch.testing.assert_close(torch.tensor(shown).view_as(images), expected, rtol=1e-4, atol=1e-4)


def test_frozen_network_passes_gradients_through_and_collects_none():
    network = nn.Conv2d(1, 1, 3)
    image = torch.randn(1, 1, 8, 8, requires_grad=True)
    with frozen(network):
        network(image).sum().backward()
    assert image.grad.abs().sum() > 0
    assert network.weight.grad is None
    assert network.weight.requires_grad


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 40), (5, 100), (31, 1)])
def test_padding_is_undone_by_its_slices(height, width):
    image = torch.randn(1, 3, height, width)
    padded, (rows, columns) = pad_to_multiple(image, 32)
    assert padded.shape[2] % 32 == padded.shape[3] % 32 == 0
    assert torch.equal(padded[..., rows, columns], image)


@pytest.mark.parametrize("network", [UNetGenerator, ResNetGenerator, PatchDiscriminator])
def test_networks_without_channels_are_refused(network):
    with pytest.raises(ValueError, match="base_channels must be at least 1, got 0"):
        network(base_channels=0)


def test_the_resnet_takes_multiples_of_4():
    with pytest.raises(ConfigurationError, match="the ResNet got 30 x 32 pixels, but takes multiples of 4"):
        ResNetGenerator(base_channels=2, blocks=1)(torch.zeros(1, 3, 32, 30))

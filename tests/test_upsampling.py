"""Both ways of doubling the size, in every generator that has one."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_lab.errors import ConfigurationError
from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule
from gan_lab.networks import DCGANGenerator, ResNetGenerator, UNetGenerator
from gan_lab.networks.upsampling import ResizeConvolution, doubling
from tests import test_cyclegan, test_pix2pix
from tests.training import train

GENERATORS = {
    "unet": (lambda **options: UNetGenerator(image_size=32, base_channels=2, **options), (2, 3, 32, 32)),
    "resnet": (lambda **options: ResNetGenerator(base_channels=2, blocks=1, **options), (2, 3, 16, 16)),
    "dcgan": (lambda **options: DCGANGenerator(image_size=32, latent_size=4, base_channels=2, **options), (2, 4, 1, 1)),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 3), (8, 8)])
def test_a_resize_convolution_is_what_it_says(bias, height, width):
    layer = ResizeConvolution(3, 4, bias=bias).double()
    x = torch.randn(2, 3, height, width, dtype=torch.double, requires_grad=True)
    ours = layer(x)
    theirs = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(ours, theirs)
    parameters = list(layer.parameters())
    for mine, other in zip(
        torch.autograd.grad(ours.square().sum(), [x, *parameters], retain_graph=True),
        torch.autograd.grad(theirs.square().sum(), [x, *parameters]),
        strict=True,
    ):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("kernel", [3, 4])
def test_a_transposed_convolution_doubles_the_size_with_either_kernel(kernel):
    layer = doubling("transposed", 3, 4, bias=False, kernel=kernel)
    assert isinstance(layer, nn.ConvTranspose2d)
    assert layer(torch.zeros(1, 3, 5, 7)).shape == (1, 4, 10, 14)
    assert layer.weight.shape == (3, 4, kernel, kernel)


@pytest.mark.parametrize("name", GENERATORS)
def test_either_way_has_the_same_names_and_sizes_and_other_kernels(name):
    build, shape = GENERATORS[name]
    transposed, resize = build(), build(upsampling="resize")
    assert transposed.state_dict().keys() == resize.state_dict().keys()
    x = torch.randn(shape)
    assert transposed(x).shape == resize(x).shape
    doubled = [layer for layer in resize.modules() if isinstance(layer, ResizeConvolution)]
    assert len(doubled) == {"unet": 5, "resnet": 2, "dcgan": 3}[name]
    assert {layer.weight.shape[2:] for layer in doubled} == {(3, 3)}
    assert 0.01 < torch.cat([layer.weight.flatten() for layer in doubled]).std() < 0.03  # the papers' N(0, 0.02)


@pytest.mark.parametrize("name", GENERATORS)
def test_another_way_is_refused(name):
    with pytest.raises(ConfigurationError, match="upsampling must be 'transposed' or 'resize', got 'bilinear'"):
        GENERATORS[name][0](upsampling="bilinear")


def test_28_pixels_are_no_size_doubled_from_4():
    with pytest.raises(ConfigurationError, match="28 pixels are 7 doubled twice: set image_size to 32 or more"):
        ArtDCGANModule(28, upsampling="resize")


def test_a_refined_image_depends_on_each_pixel_of_the_source():
    """The last two 3 x 3 convolutions see 5 x 5 pixels of it, whatever the levels do."""
    generator = UNetGenerator(image_size=32, base_channels=2, refinement_channels=3, dropout=False)
    assert generator.refinement[0].weight.shape == (3, 3 + 3, 3, 3)
    for parameter in (*generator.encoder.parameters(), *generator.decoder.parameters()):
        nn.init.zeros_(parameter)  # only the source itself is left
    nn.init.constant_(generator.refinement[0].weight, 0.1)
    nn.init.constant_(generator.refinement[2].weight, 0.1)
    source = torch.ones(1, 3, 32, 32, requires_grad=True)
    generator(source)[0, 0, 16, 16].backward()
    assert source.grad[0, 0].nonzero().tolist() == [[y, x] for y in range(14, 19) for x in range(14, 19)]
    assert "refinement.0.weight" not in UNetGenerator(image_size=32, base_channels=2).state_dict()


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: (Pix2PixModule(**test_pix2pix.SMALL, **options), test_pix2pix.pair()),
        lambda **options: (Pix2PixModule(**test_pix2pix.SMALL, refinement_channels=2, **options), test_pix2pix.pair()),
        lambda **options: (CycleGANModule(**test_cyclegan.SMALL, **options), test_cyclegan.sample()),
    ],
)
def test_modules_train_with_it_and_average_it(make):
    module, batch = make(upsampling="resize", ema_half_life=1.0)
    before = {name: tensor.clone() for name, tensor in module.named_parameters() if "_ema." in name}
    train(module, [batch])
    layers = [name for name, layer in module.named_modules() if isinstance(layer, ResizeConvolution)]
    averaged = [f"{name}.weight" for name in layers if "_ema." in name]
    assert averaged
    assert not any(torch.equal(module.get_parameter(name), before[name]) for name in averaged)


@pytest.mark.parametrize("options", [{"upsampling": "resize"}, {"refinement_channels": 4}])
def test_published_weights_are_of_the_papers_network(options):
    with pytest.raises(ConfigurationError, match=r"model\.generator_weights are of the paper's network: set"):
        Pix2PixModule(**test_pix2pix.SMALL, generator_weights="x.pth", **options)

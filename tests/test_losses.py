import pytest
import torch
from torch.nn import functional as F

from gan_lab.errors import ConfigurationError
from gan_lab.losses import discriminator_loss, drift_penalty, generator_loss, gradient_penalty, r1_penalty
from gan_lab.networks import StyleGANDiscriminator


def test_vanilla_is_the_cross_entropy_game():
    real, fake = torch.randn(2, 1, 5, 5), torch.randn(2, 1, 5, 5)
    bce = F.binary_cross_entropy_with_logits
    expected = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    torch.testing.assert_close(discriminator_loss(real, fake, "vanilla"), expected)
    torch.testing.assert_close(generator_loss(fake, "vanilla"), bce(fake, torch.ones_like(fake)))


def test_lsgan_is_least_squares_to_one_and_zero():
    real, fake = torch.randn(2, 1, 5, 5), torch.randn(2, 1, 5, 5)
    expected = F.mse_loss(real, torch.ones_like(real)) + F.mse_loss(fake, torch.zeros_like(fake))
    torch.testing.assert_close(discriminator_loss(real, fake, "lsgan"), expected)
    torch.testing.assert_close(generator_loss(fake, "lsgan"), F.mse_loss(fake, torch.ones_like(fake)))


def test_hinge_is_linear_below_its_margin_and_flat_beyond():
    real, fake = torch.tensor([-1.0, 0.5, 1.0, 3.0]), torch.tensor([-3.0, -1.0, 0.0, 2.0])
    assert discriminator_loss(real, fake, "hinge").item() == (2 + 0.5 + 0 + 0) / 4 + (0 + 0 + 1 + 3) / 4
    assert generator_loss(fake, "hinge").item() == 0.5


def test_wgan_is_a_difference_of_means():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0])
    assert discriminator_loss(real, fake, "wgan-gp").item() == -2.5
    assert generator_loss(fake, "wgan-gp").item() == 0.5


@pytest.mark.parametrize(("slope", "penalty"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0)])
def test_gradient_penalty_is_zero_where_the_slope_is_one(slope, penalty):
    direction = torch.randn(1, 3, 4, 4)
    direction /= direction.norm()
    real, fake = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    value = gradient_penalty(lambda image: slope * (image * direction).sum((1, 2, 3)).view(-1, 1, 1, 1), real, fake)
    assert value.item() == pytest.approx(penalty, abs=1e-5)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (-1, 1, 2, 2)])
def test_gradient_penalty_takes_logits_of_any_shape(shape):
    """Of a value that is 3 times the sum of 4 pixels, or the mean of 4 patches of 12 times a pixel: slope 3 x 2."""
    real, fake = torch.randn(2, 1, 2, 2), torch.randn(2, 1, 2, 2)

    def critic(image):
        return (12 * image if len(shape) == 4 else 3 * image.sum((1, 2, 3))).view(shape)

    assert gradient_penalty(critic, real, fake).item() == pytest.approx((6 - 1) ** 2, rel=1e-5)


def test_losses_of_half_precision_logits_are_taken_in_full():
    real, fake = torch.randn(8).bfloat16(), torch.randn(8).bfloat16()
    assert discriminator_loss(real, fake, "vanilla").dtype == generator_loss(fake, "lsgan").dtype == torch.float32


def test_r1_of_a_known_slope():
    """Of logits whose gradient is 2 x the mean squared norm is 4 |x|^2 / B, and the penalty's own gradient 8 x / B."""
    real = torch.randn(3, 2, 4, 4, dtype=torch.double, requires_grad=True)
    penalty = r1_penalty(real.square().sum((1, 2, 3))[:, None], real)
    torch.testing.assert_close(penalty, 4 * real.square().sum() / 3)
    (gradient,) = torch.autograd.grad(penalty, real)
    torch.testing.assert_close(gradient, 8 * real / 3)


def test_r1_and_its_gradient_agree_with_finite_differences():
    network = StyleGANDiscriminator(resolution=8, base_channels=8, max_channels=2, stddev_group=1).double()
    real = torch.randn(2, 3, 8, 8, dtype=torch.double, requires_grad=True)
    penalty = r1_penalty(network(real), real)
    step, slopes = 1e-5, torch.zeros_like(real)
    with torch.no_grad():
        for at in range(real[0].numel()):
            shift = torch.zeros_like(real).flatten(1)
            shift[:, at] = step
            shift = shift.view_as(real)
            slopes.flatten(1)[:, at] = ((network(real + shift) - network(real - shift)) / (2 * step)).flatten()
    assert penalty.item() == pytest.approx(slopes.square().sum((1, 2, 3)).mean().item(), rel=1e-6)

    weight = network.blocks[0].conv0.weight
    (gradient,) = torch.autograd.grad(penalty, weight)
    direction = torch.randn_like(weight)
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * step * direction
        values.append(r1_penalty(network(real), real).item())
        with torch.no_grad():
            weight -= sign * step * direction
    assert (gradient * direction).sum().item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-4)


def test_drift_is_the_mean_squared_logit():
    assert drift_penalty(torch.tensor([[1.0], [3.0]])).item() == 5


def test_penalties_of_shrunk_images_are_those_of_the_enlarged_ones():
    """Growing networks are penalized by the gradient at the final size, of which a critic takes the mean of 4 x 4."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Softplus(), torch.nn.Flatten(), torch.nn.Linear(16, 1)
    )
    small = [torch.randn(2, 3, 4, 4).requires_grad_(True) for _ in range(2)]
    large = [F.interpolate(images.detach(), scale_factor=4).requires_grad_(True) for images in small]

    def shrinking(images: torch.Tensor) -> torch.Tensor:
        return network(F.avg_pool2d(images, 4))

    ours, expected = r1_penalty(network(small[0]), small[0], 4.0), r1_penalty(shrinking(large[0]), large[0])
    torch.testing.assert_close(ours, expected)
    penalties = []
    for critic, (real, fake), enlargement in ((network, small, 4.0), (shrinking, large, 1.0)):
        torch.manual_seed(1)
        penalties.append(gradient_penalty(critic, real, fake, enlargement))
    torch.testing.assert_close(*penalties)


def test_an_unknown_objective_is_refused():
    logits = torch.randn(2, 1)
    message = "objective must be one of vanilla, lsgan, hinge, wgan-gp, got 'wgan'"
    with pytest.raises(ConfigurationError, match=message):
        discriminator_loss(logits, logits, "wgan")
    with pytest.raises(ConfigurationError, match=message):
        generator_loss(logits, "wgan")


def test_the_gradient_penalty_takes_half_precision_in_full_and_keeps_double():
    seen = []

    def critic(images):
        seen.append(images.dtype)
        return images.square().sum((1, 2, 3))[:, None]

    for real, fake in ((torch.float32, torch.bfloat16), (torch.bfloat16, torch.bfloat16), (torch.double, torch.double)):
        gradient_penalty(critic, torch.ones(1, 1, 2, 2, dtype=real), torch.zeros(1, 1, 2, 2, dtype=fake))
    assert seen == [torch.float32, torch.float32, torch.double]

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_lab.networks import HeatmapDiscriminator, HourglassSettings, StackedHourglass
from gan_lab.networks.attention import (
    PaperAttentionResidual,
    SelfAttention,
    SelfAttentionResidual,
    attend,
    attend_explicitly,
    attention_residual,
)
from tests.test_networks import count

TINY = {"stacks": 2, "depth": 2, "channels": 16}


def hourglasses(stacks: int = 4, residuals: int = 1, **settings) -> StackedHourglass:
    return StackedHourglass(HourglassSettings(**settings), stacks=stacks, residuals=residuals)


def millions(network: nn.Module) -> float:
    return round(count(network) / 1e6, 2)


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [  # measured on the Torch7 and PyTorch implementations, in millions, for 16 joints
        ({"stacks": 4, "attention": "none"}, 12.86),
        ({"stacks": 8, "attention": "none"}, 25.43),
        ({"stacks": 4, "attention": "none", "residuals": 2}, 24.87),
        ({"stacks": 4, "attention": "explicit"}, 13.45),
        ({"stacks": 4, "attention": "sigmoid", "residuals": 2}, 25.46),
    ],
)
def test_hourglasses_have_the_published_number_of_parameters(settings, parameters):
    with torch.device("meta"):
        assert millions(hourglasses(**settings)) == parameters


@pytest.mark.parametrize(
    ("attention", "variant", "parameters"),
    [("none", "A", 3.43), ("explicit", "A", 4.29), ("explicit", "B", 4.22), ("fused", "B", 3.56)],
)
def test_discriminator_has_the_published_number_of_parameters(attention, variant, parameters):
    with torch.device("meta"):
        assert millions(HeatmapDiscriminator(HourglassSettings(attention=attention, variant=variant))) == parameters


def attention_by_hand(queries, keys, values, weigh):
    """Output j is the sum over sources i of w_ij v_i, one product at a time."""
    out = torch.zeros(values.shape[0], values.shape[1], *queries.shape[2:], dtype=values.dtype)
    for row in range(queries.shape[2]):
        for column in range(queries.shape[3]):
            products = (keys * queries[:, :, row, column, None, None]).sum(1).flatten(1)
            out[:, :, row, column] = (weigh(products)[:, None] * values.flatten(2)).sum(2)
    return out


@pytest.mark.parametrize("sources", [(6, 4), (3, 2)])
def test_attention_is_the_mean_of_values_weighted_over_their_positions(sources):
    queries = torch.randn(2, 8, 6, 4, dtype=torch.double)
    keys, values = (torch.randn(2, 8, *sources, dtype=torch.double) for _ in range(2))
    expected = attention_by_hand(queries, keys, values, lambda products: products.exp() / products.exp().sum(1, True))
    torch.testing.assert_close(attend(queries, keys, values), expected, rtol=0, atol=1e-12)
    explicit = attend_explicitly(queries, keys, values, "softmax")
    torch.testing.assert_close(explicit, expected, rtol=0, atol=1e-12)
    expected = attention_by_hand(queries, keys, values, lambda products: 1 / (1 + (-products).exp()))
    torch.testing.assert_close(attend_explicitly(queries, keys, values, "sigmoid"), expected, rtol=0, atol=1e-12)


def test_fused_gradients_are_those_of_the_explicit_form():
    tensors = [torch.randn(1, 8, 16, 16, requires_grad=True) for _ in range(3)]
    exact = [tensor.detach().double().requires_grad_(True) for tensor in tensors]
    weight = torch.randn(1, 8, 16, 16)
    (attend(*tensors) * weight).sum().backward()
    (attend_explicitly(*exact, "softmax") * weight).sum().backward()
    for ours, theirs in zip(tensors, exact, strict=True):
        torch.testing.assert_close(ours.grad.double(), theirs.grad, rtol=1e-3, atol=1e-4)


def test_the_narrow_attention_has_a_fused_kernel():
    """Asked for nothing but the fused kernel, torch refuses what it cannot fuse."""
    module, maps = SelfAttention(64), torch.randn(1, 64, 16, 16, requires_grad=True)
    with nn.attention.sdpa_kernel(nn.attention.SDPBackend.FLASH_ATTENTION):
        module(maps, maps).sum().backward()


def test_pooled_keys_are_the_largest_of_each_square():
    module = SelfAttention(16).double()
    x, content = (torch.randn(1, 16, 8, 8, dtype=torch.double) for _ in range(2))

    def largest(maps):
        return maps.unflatten(3, (4, 2)).unflatten(2, (4, 2)).amax((3, 5))

    keys, values = largest(module.key(x)), largest(module.value(content))
    expected = module.out(attend_explicitly(module.query(x), keys, values, "softmax"))
    torch.testing.assert_close(module(x, content), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", ["A", "B"])
def test_attention_starts_as_a_plain_residual_and_then_adds_what_the_variant_says(variant):
    module = SelfAttentionResidual(16, variant).double().eval()
    x = torch.randn(2, 16, 8, 8, dtype=torch.double)
    result = x + module.residual.change(x)
    torch.testing.assert_close(module(x), result, rtol=0, atol=1e-12)
    module.gate.data.fill_(0.5)
    added = module.attention(x, {"A": result, "B": x}[variant])
    torch.testing.assert_close(module(x), result + 0.5 * added, rtol=0, atol=1e-12)


def test_the_papers_variants_are_a_product_and_a_sum():
    x = torch.randn(2, 8, 4, 4, dtype=torch.double)

    def softmax(products):
        return products.exp() / products.exp().sum(1, True)

    product = PaperAttentionResidual(8, 6, variant="A", weights="softmax").double().eval()
    values, features = product.residual(x), product.features(x)
    expected = attention_by_hand(features, features, values, softmax)
    torch.testing.assert_close(product(x), expected, rtol=0, atol=1e-12)
    total = PaperAttentionResidual(8, 6, variant="B", weights="softmax").double().eval()
    expected = total.residual(x) + attention_by_hand(total.query(x), total.key(x), total.value(x), softmax)
    torch.testing.assert_close(total(x), expected, rtol=0, atol=1e-12)


def test_a_residual_module_is_two_convolutions_around_a_third():
    module = attention_residual(8, variant="A", form="none", key_pool=1).double()
    x = torch.randn(2, 8, 5, 5, dtype=torch.double)
    norms, convolutions = (
        [layer for layer in module.change if isinstance(layer, kind)] for kind in (nn.BatchNorm2d, nn.Conv2d)
    )
    y = x
    for norm, convolution in zip(norms, convolutions, strict=True):
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), unbiased=False, keepdim=True)
        y = ((y - mean) / (variance + norm.eps).sqrt()).relu()
        y = F.conv2d(y, convolution.weight, convolution.bias, padding=convolution.kernel_size[0] // 2)
    torch.testing.assert_close(module(x), x + y, rtol=0, atol=1e-12)
    assert [tuple(convolution.weight.shape[2:]) for convolution in convolutions] == [(1, 1), (3, 3), (1, 1)]


@pytest.mark.parametrize("attention", ["none", "fused", "explicit", "sigmoid"])
def test_every_stack_predicts_a_quarter_of_the_images_side(attention):
    network = hourglasses(joints=14, **TINY, attention=attention)
    assert network.size_multiple == 16
    heatmaps = network(torch.randn(2, 3, 32, 48))
    assert heatmaps.shape == (2, 2, 14, 8, 12)
    heatmaps[-1].sum().backward()
    assert all(parameter.grad is not None for name, parameter in network.named_parameters() if "heads.0" in name)


def test_only_the_first_stack_is_without_attention():
    network = hourglasses(joints=16, stacks=3, depth=2, channels=16)
    kinds = [[type(layer) for layer in features.modules()] for features in network.features]
    assert [SelfAttentionResidual in found for found in kinds] == [False, True, True]
    heads = hourglasses(joints=16, stacks=3, depth=2, channels=16, attention="explicit").heads
    assert [isinstance(head, nn.Conv2d) for head in heads] == [True, False, False]


def test_each_skip_connection_of_the_discriminator_has_attention():
    network = HeatmapDiscriminator(HourglassSettings(joints=4, depth=3, channels=16))
    sizes = []
    for layer in network.modules():
        if isinstance(layer, SelfAttentionResidual):
            layer.register_forward_hook(lambda _, inputs, out: sizes.append(out.shape[-1]))
    reconstructed = network(torch.randn(1, 3, 64, 64), torch.rand(1, 4, 16, 16))
    assert reconstructed.shape == (1, 4, 16, 16)
    assert sorted(sizes) == [4, 8, 16]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": 20}, "multiple of 8, got 20"),
        ({"stacks": 0}, "stacks must be at least 1, got 0"),
        ({"attention": "linear"}, "attention must be one of fused, explicit, sigmoid, none, got 'linear'"),
        ({"variant": "C"}, "variant must be 'A' or 'B', got 'C'"),
    ],
)
def test_sizes_and_choices_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        hourglasses(joints=16, **TINY | settings)


def test_keys_of_maps_smaller_than_the_pooling_become_one():
    module = SelfAttention(8, key_pool=4)
    x = torch.randn(2, 8, 2, 2)
    torch.testing.assert_close(
        module(x, x), module.out(module.value(x).amax((2, 3), keepdim=True)).expand(-1, -1, 2, 2)
    )
    with pytest.raises(ValueError, match="key_pool must be at least 1, got 0"):
        SelfAttention(8, key_pool=0)

"""Weights as authors' PyTorch implementations publish them, under the names that networks have here."""

from collections.abc import Mapping

from torch import Tensor, nn

_WRAPPERS = ("module.", "_orig_mod.")  # DataParallel's and DistributedDataParallel's; torch.compile's


def without_wrappers(weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Weights by the names that they have in the network alone, whatever it was wrapped in when they were saved."""
    while prefix := next((p for p in _WRAPPERS if weights and all(name.startswith(p) for name in weights)), None):
        weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    return weights


def under_own_names(weights: Mapping[str, Tensor], names: Mapping[str, str], network: nn.Module) -> dict[str, Tensor]:
    """A network's state dict out of published weights.

    Args:
        weights: What is published; others than those named are dropped.
        names: The network's names to those published.
        network: What the weights are for. Batch norm's counts of batches, which torch before 0.4.1 did not keep, stay
            as they are in it.

    Raises:
        KeyError: If a tensor is missing, named by the name it is published under.
    """
    own, weights = network.state_dict(), without_wrappers(weights)
    return {name: own[name] if may_lack(weights, there) else weights[there] for name, there in names.items()}


def may_lack(weights: Mapping[str, Tensor], name: str) -> bool:
    """Whether it is a count of batches that is not among the weights."""
    return name.endswith(".num_batches_tracked") and name not in weights

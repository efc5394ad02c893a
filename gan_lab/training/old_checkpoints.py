"""Checkpoints of earlier versions in the form that today's code reads."""

from typing import Any

from gan_lab.schedules import as_schedule
from gan_lab.training.renamed import Renames, with_present_names


def in_present_form(checkpoint: dict[str, Any], renames: Renames) -> dict[str, Any]:
    """A training checkpoint with today's names, and with its count of images where it is today.

    Args:
        checkpoint: As loaded; it stays as it is.
        renames: What has another name now.
    """
    return _counted_on_the_host(with_present_names(checkpoint, renames))


def _counted_on_the_host(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """StyleGAN of version 0.1.0 kept the images seen, and the phase of the last step, beside its weights.

    There Adam forgot its moments at the first step of a phase, today it does at the last step of the one before.
    """
    weights = dict(checkpoint["state_dict"])
    if "phase" not in weights:
        return checkpoint
    images, phase = int(weights.pop("images_seen")), int(weights.pop("phase"))
    present = checkpoint | {"state_dict": weights, "images_seen": images}
    if as_schedule(checkpoint["hyper_parameters"]["schedule"]).stage(images).phase != phase:
        present["optimizer_states"] = [kept | {"state": {}} for kept in checkpoint["optimizer_states"]]
    return present

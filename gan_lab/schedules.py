"""Schedules as pure functions of the progress made, so that a resumed run has nothing to restore."""


def linear_decay(epoch: int, constant_epochs: int, decay_epochs: int) -> float:
    """Learning-rate factor: 1, then a straight line to 0 (Pix2Pix and CycleGAN reference implementations).

    The first decaying epoch already has the factor ``decay_epochs / (decay_epochs + 1)`` and the last one
    ``1 / (decay_epochs + 1)``: no epoch is trained with a rate of zero.

    Args:
        epoch: Completed epochs, from 0.
        constant_epochs: Epochs at the full rate.
        decay_epochs: Epochs of decay after them; 0 keeps the rate constant for ever.

    Returns:
        The factor in [0, 1].
    """
    if decay_epochs == 0:
        return 1.0
    return max(0.0, 1.0 - max(0, epoch + 1 - constant_epochs) / (decay_epochs + 1))

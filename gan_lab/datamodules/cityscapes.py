"""Cityscapes."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Cityscapes


class CityscapesDataModule(PairedDataModule):
    """Cityscapes, labels to photographs unless ``direction`` is ``AtoB``.

    ``root`` holds ``leftImg8bit`` and ``gtFine``, and they the splits. ``gan-lab test`` measures on ``val``, as the
    paper does: the labels of Cityscapes' ``test`` are not public.
    """

    data_set = Cityscapes

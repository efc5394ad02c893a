"""Drawn people: a data set for human pose that needs no file."""

import numpy as np

from gan_lab.datasets.figure_body import pose_body
from gan_lab.datasets.figure_drawing import draw_figure
from gan_lab.datasets.lsp import torso, window_about
from gan_lab.datasets.posed_people import PosedPeople, PosedPerson
from gan_lab.images.transforms import Image
from gan_lab.pose.person_crop import PoseJitter
from gan_lab.pose.skeletons import SKELETONS
from gan_lab.seeding import seed_of_part

_MARGIN = 1.25  # of the window about the joints: as of LSP's extended set


class Figures(PosedPeople):
    """Articulated figures in colored clothes before textured backgrounds, some of their joints behind something.

    An image and its joints are a function of (seed, number) alone. Bodies have the proportions of adults and joint
    angles that people can reach; they are turned about, so that limbs are foreshortened and hide each other. Joints are
    exact, hidden ones too. Images have joints, window and torso as Leeds Sports Pose has them.

    Args:
        numbers: Which figures of all there are.
        seed: Chooses other figures.
        image_size: Side of the crops in pixels. The images they are cut from are half as much larger.
        jitter: Random scale, rotation, mirroring and color; None for none.
    """

    def __init__(self, numbers: range, seed: int, image_size: int = 128, jitter: PoseJitter | None = None) -> None:
        super().__init__(SKELETONS["figures"], image_size, jitter)
        self.numbers = numbers
        self.seed = seed

    def __len__(self) -> int:
        return len(self.numbers)

    def read(self, index: int) -> tuple[Image, PosedPerson]:
        """Draws one image."""
        number = self.numbers[index]
        rng = np.random.default_rng(seed_of_part(self.seed, number))
        side = round(1.5 * self.image_size)
        body = pose_body(rng, side)
        labeled = np.ones(len(body.joints), dtype=bool)
        person = PosedPerson(
            name=f"figure_{number:06}.png",
            joints=body.joints,
            labeled=labeled,
            window=window_about(body.joints, _MARGIN),
            reference_length=torso(body.joints, labeled),
        )
        return draw_figure(rng, body, side), person

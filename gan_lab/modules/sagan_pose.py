"""SAGAN-pose: human pose estimation with self-attention GANs (Wang et al., IEEE Access 7, 2019)."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from gan_lab import ranges
from gan_lab.errors import require, require_numbers
from gan_lab.inference.building import heatmap_discriminator, pose_finder, pose_generator
from gan_lab.inference.pose_finder import require_square_multiple
from gan_lab.inference.predictions import cannot_make
from gan_lab.losses import balance_step, convergence_measure, reconstruction_error
from gan_lab.metrics.pck import PCK
from gan_lab.metrics.table import format_scores
from gan_lab.networks import HeatmapDiscriminator
from gan_lab.networks.attention import AttentionForm, Variant
from gan_lab.networks.hourglass import STRIDE
from gan_lab.networks.layers import frozen
from gan_lab.pose.drawing import draw_heatmaps, draw_poses, joint_colors
from gan_lab.pose.heatmaps import Decoding, HeatmapTask, heatmap_loss, render_heatmaps
from gan_lab.pose.predicted_poses import PredictedPoses
from gan_lab.pose.skeletons import SKELETONS
from gan_lab.precision import at_least_float32
from gan_lab.samples import PoseRequest, PoseSample, PredictionRequest
from gan_lab.schedules import step_decay
from gan_lab.training import distributed
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import Generated, HeldBatches
from gan_lab.training.optimizers import AdamSettings, OptimizersByRole, RMSprop


class SAGANPoseModule(GANModule):
    """Finds a person's joints as the peaks of heatmaps, which a discriminator compares with real ones.

    The defaults are the paper's where its text says, those of the authors' released code elsewhere. The generator is
    a stack of hourglasses, each with a loss of its own; the discriminator reconstructs heatmaps, and is trained to do
    it well on real ones and badly on predicted ones, in BEGAN's equilibrium.

    Args:
        skeleton: The joints, as the data set has them. None for the data's.
        stacks: Hourglasses in a row.
        depth: Times each hourglass halves its map; the image's side must be a multiple of 4 x 2^depth.
        channels: The generator's features, a multiple of 8.
        residuals: Residual modules in a row in the generator (2 in the release's training command).
        discriminator_channels: The discriminator's features, a multiple of 8.
        attention: ``fused`` in an eighth of the channels, by a kernel that never holds the matrix of weights;
            ``explicit`` with the release's shapes and the softmax of the paper's text; ``sigmoid`` as the release
            computes, not normalized, for comparison; ``none``.
        generator_variant: Attention module in the generator: ``A`` works on the residual module's result, ``B`` adds
            to it what it makes of the input.
        discriminator_variant: The same in the discriminator's skip connections.
        key_pool: Side of the max-pooling of keys and values in ``fused``; 1 for none.
        sigma: Standard deviation of a joint's Gaussian in heatmap cells.
        mask_missing: Whether joints without a label are left out of the heatmaps' error, and are empty maps to the
            discriminator. False asks for empty maps there, as the release does: right where no label means out of the
            picture, wrong where it means not labeled.
        adversarial: Whether there is a discriminator; False trains the hourglasses alone.
        adversarial_weight: Weight of the adversarial loss beside the heatmaps' error (lambda_G): 1e-4 in Chou et al.
            2017, whose code the release grew from, 0.1 in the release.
        balance_ratio: L_fake / L_real that the balance k aims for (gamma).
        balance_rate: How fast k follows (lambda_k).
        lr: RMSprop's learning rate at the start, of the generator.
        discriminator_lr: Adam's learning rate at the start, of the discriminator.
        milestones: Epochs after which both rates drop.
        decay_factor: What they are multiplied by each time, from 0 to 1.
        allow_zero_lr: Whether a run may go on at learning rates that have become too small to change a weight.
        ema_half_life: After how many images a step's weights count half in the averaged generator, which then finds
            all poses but the training's; 0 for none, as in the paper.
        flip_test: Whether evaluation averages the heatmaps of an image and of its mirror image.
        decoding: How a joint is found in its heatmap: the highest cell, a quarter of a cell from it towards the higher
            neighbor, or the top of the parabola through its surroundings.
        thresholds: Distances up to which a joint counts as found, in lengths of its person (LSP 0.2 of the torso;
            MPII 0.5 and 0.1 of the head). The first one gives ``val/pck``.

    Raises:
        ConfigurationError: If sizes or choices do not fit together.
    """

    learns_from = PoseSample
    rate_options = "model.milestones or model.decay_factor"
    balance: Tensor

    def __init__(
        self,
        skeleton: Literal["lsp", "mpii", "figures"] | None = None,
        stacks: ranges.Repeats = 4,
        depth: ranges.Halvings = 4,
        channels: ranges.FeaturesByEight = 256,
        residuals: ranges.Repeats = 1,
        discriminator_channels: ranges.FeaturesByEight = 256,
        attention: AttentionForm = "fused",
        generator_variant: Variant = "B",
        discriminator_variant: Variant = "A",
        key_pool: ranges.PositiveInt = 2,
        sigma: ranges.PositiveFloat = 1.0,
        mask_missing: bool = True,
        adversarial: bool = True,
        adversarial_weight: ranges.NonNegativeFloat = 1e-4,
        balance_ratio: ranges.NonNegativeFloat = 0.5,
        balance_rate: ranges.NonNegativeFloat = 1e-3,
        lr: ranges.NonNegativeFloat = 2.5e-4,
        discriminator_lr: ranges.NonNegativeFloat = 2.5e-4,
        milestones: tuple[ranges.NonNegativeInt, ...] = (40, 60, 80),
        decay_factor: ranges.ClosedFraction = 0.2,
        allow_zero_lr: bool = False,
        ema_half_life: ranges.NonNegativeFloat = 0.0,
        flip_test: bool = True,
        decoding: Decoding = "quarter",
        thresholds: tuple[ranges.PositiveFloat, ...] = (0.2,),
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.hparams["skeleton"] = skeleton = skeleton or "lsp"
        _require_consistent(self.hparams)
        self.skeleton, self.sigma, self.mask_missing = SKELETONS[skeleton], sigma, mask_missing
        self.adversarial_weight, self.balance_ratio, self.balance_rate = adversarial_weight, balance_ratio, balance_rate
        self.lr, self.adam, self.drops = lr, AdamSettings(discriminator_lr, (0.9, 0.999)), (milestones, decay_factor)
        self.generator, self.discriminator = pose_generator(self.hparams), heatmap_discriminator(self.hparams)
        self.register_buffer("balance", torch.zeros(()) if adversarial else None)  # k_0 = 0
        self.generator_ema = self.averages.of(self.generator, ema_half_life)
        self.finder = pose_finder(self.generator_ema or self.generator, self.hparams)
        self.metrics = nn.ModuleDict({split: pose_metrics(self.hparams) for split in ("val", "test")})

    def build_optimizers(self) -> OptimizersByRole:
        """RMSprop for the generator, Adam for the discriminator."""
        generator = RMSprop(self.generator.parameters(), self.lr)
        if self.discriminator is None:
            return OptimizersByRole(generator)
        return OptimizersByRole(generator, self.adam.over(self.discriminator.parameters()))

    def epoch_rate_factor(self, epoch: int) -> float:
        """Dropped at the milestones."""
        return step_decay(epoch, *self.drops)

    def play(self, held: HeldBatches[PoseSample]) -> None:
        """D first, then G, then the balance, on one prediction: D's step does not change G."""
        tasks = [self._judged(batch) for batch in held.batches]
        predicted = Generated(held, self.generator, lambda place: at_least_float32(self.generator(tasks[place].images)))
        for task in tasks:  # what empty maps would score: above it nothing is learned
            held.note({"loss/zero_map": task.target.square().mean() * self.hparams["stacks"]})
        if self.discriminator is None:
            self._generator_step(None, tasks, predicted)
        else:
            self._discriminator_step(self.discriminator, tasks, predicted)
            with frozen(self.discriminator):
                self._generator_step(self.discriminator, tasks, predicted)
            self._rebalance(held.noted("loss/real"), held.noted("loss/fake"))
        self.log_losses(held.losses())

    def _judged(self, batch: PoseSample) -> HeatmapTask:
        """What the heatmaps of a batch are compared with."""
        images, labeled = batch["image"], batch["labeled"]
        self._require_joints(batch)
        require_square_multiple(images, self.generator.size_multiple)
        target = render_heatmaps(batch["keypoints"], labeled, images.shape[-1] // STRIDE, STRIDE, self.sigma)
        counted = labeled if self.mask_missing else torch.ones_like(labeled)
        return HeatmapTask(images, target, counted[..., None, None])

    def _discriminator_step(self, judge: HeatmapDiscriminator, tasks: list[HeatmapTask], made: Generated) -> None:
        """L_D = L_real - k L_fake."""

        def parts(place: int) -> Iterator[Tensor]:  # each part's graph is freed before the next one is made
            images, target, counted = tasks[place]
            shown = made.shown(place)[-1] * counted
            real = reconstruction_error(judge, images, target)
            made.held.note({"loss/real": real})
            yield real
            fake = reconstruction_error(judge, images, shown)
            made.held.note({"loss/fake": fake, "loss/discriminator": real - self.balance * fake})
            yield -self.balance * fake

        self.minimize(made.held.each(parts), self.optimizer_d)

    def _generator_step(self, judge: HeatmapDiscriminator | None, tasks: list[HeatmapTask], made: Generated) -> None:
        """L_G = sum over stacks of their MSE + lambda_G L_adv, and how much of it pulls at the last heatmaps."""
        pulls: dict[str, list[Tensor]] = {"supervised": [], "adversarial": []}

        def watched(heatmaps: Tensor, name: str) -> Tensor:
            branch = heatmaps.view_as(heatmaps)
            branch.register_hook(lambda gradient: pulls[name].append(gradient.norm()))
            return branch

        def loss_g(place: int) -> Tensor:
            (images, target, counted), heatmaps = tasks[place], made.learning(place)
            stacks, last = heatmaps[:-1], heatmaps[-1]
            supervised = heatmap_loss(torch.cat([stacks, watched(last, "supervised")[None]]), target, counted)
            made.held.note({"loss/heatmaps": supervised})
            if judge is None:
                return supervised
            adversarial = reconstruction_error(judge, images, watched(last, "adversarial") * counted)
            made.held.note({"loss/adversarial": adversarial})
            return supervised + self.adversarial_weight * adversarial

        self.minimize(made.held.each(loss_g), self.optimizer_g)
        if judge is not None:
            pull, by_labels = (torch.stack(pulls[name]).norm() for name in ("adversarial", "supervised"))
            self.step_log.note({"balance/gradient_ratio": pull / by_labels.clamp_min(1e-12)}, on_bar=False)

    def _rebalance(self, real: Tensor, fake: Tensor) -> None:
        """Moves k by the losses of all processes, so that it stays the same on all."""
        losses = torch.stack([real.detach(), fake.detach()])
        distributed.average([losses])
        real, fake = losses
        self.balance.copy_(balance_step(self.balance, real, fake, self.balance_ratio, self.balance_rate))
        self.step_log.note({"balance/k": self.balance.clone()}, on_bar=True)
        convergence = convergence_measure(real, fake, self.balance_ratio)
        self.step_log.note({"balance/convergence": convergence}, on_bar=False)

    def _require_joints(self, batch: PoseSample) -> None:
        theirs, ours = batch["keypoints"].shape[1], len(self.skeleton.joints)
        require(theirs == ours, f"model.skeleton has {ours} joints, the data's people have {theirs}")

    def render(self, batch: PoseSample, first: int = 0) -> dict[str, Tensor]:
        """``image``, the ``pose`` found in it, its ``heatmaps`` and the ``truth``."""
        image = batch["image"]
        heatmaps = self.finder.heatmaps(image)
        found = self.finder.poses(heatmaps, batch["to_source"])
        everything = torch.ones_like(found.scores, dtype=torch.bool)
        return {
            "image": image,
            "pose": draw_poses(image, found.keypoints_in_crop, everything, self.skeleton),
            "heatmaps": draw_heatmaps(image, heatmaps, joint_colors(self.skeleton)),
            "truth": draw_poses(image, batch["keypoints"], batch["labeled"], self.skeleton),
        }

    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> PredictedPoses:
        """The poses of a batch's people."""
        if not isinstance(request, PoseRequest):
            raise cannot_make(self, request)
        return self.finder(request.images, request.to_source)

    def validation_step(self, batch: PoseSample, batch_idx: int) -> None:
        """PCK in percent: ``val/pck``, the mean over joints, and ``val/pck_weighted_mean``, ``val/pck_auc`` and groups.

        With a further threshold, 0.1 say, also ``val/pck@0.1`` and so on.
        """
        self._measure(batch, "val")

    def validation_names(self) -> set[str]:
        """The scores at each threshold."""
        rows = (*self.skeleton.groups, "mean", "weighted_mean", "auc")
        places = range(len(self.hparams["thresholds"]))
        return {self._score_name("val", place, row) for place in places for row in rows}

    def test_step(self, batch: PoseSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, "test")

    def on_validation_epoch_end(self) -> None:
        """Logs the scores; ``validate`` prints them as papers do."""
        self._report("val")

    def on_test_epoch_end(self) -> None:
        """Logs and prints the scores."""
        self._report("test")

    def _measure(self, batch: PoseSample, split: str) -> None:
        self._require_joints(batch)
        found = self.finder(batch["image"], batch["to_source"])
        for metric in cast(nn.ModuleList, self.metrics[split]):
            cast(PCK, metric).update(
                found.keypoints_in_source, batch["truth"], batch["labeled"], batch["reference_length"]
            )

    def _score_name(self, split: str, place: int, row: str) -> str:
        """What a row of the table of the threshold in that place is logged as."""
        name = f"{split}/pck" if place == 0 else f"{split}/pck@{self.hparams['thresholds'][place]:g}"
        return name if row == "mean" else f"{name}_{row}"

    def _report(self, split: str) -> None:
        measure = "PCKh" if self.hparams["skeleton"] == "mpii" else "PCK"
        tables: dict[str, dict[str, Tensor]] = {}
        for place, metric in enumerate(cast(nn.ModuleList, self.metrics[split])):
            pck = cast(PCK, metric)
            table = tables[f"{measure}@{pck.threshold:g}"] = pck.compute()
            pck.reset()
            scores = {self._score_name(split, place, row): score for row, score in table.items()}
            self.log_dict(cast(dict[str, Any], scores), sync_dist=True)
        if self.trainer.state.fn != "fit" and self.trainer.is_global_zero:
            print(format_scores(tables))


def _require_consistent(settings: Mapping[str, Any]) -> None:
    ranges.require(SAGANPoseModule, settings, "model")
    skeleton = settings["skeleton"]
    require(skeleton in SKELETONS, f"skeleton must be one of {', '.join(SKELETONS)}, got {skeleton!r}")
    require(len(settings["thresholds"]) > 0, "thresholds must name at least one distance, got none")
    if settings["adversarial"]:  # at 0 the balance would stay there, and no prediction be judged
        require_numbers({f"model.{name}": settings[name] for name in ("balance_ratio", "balance_rate")}, above=0)


def pose_metrics(settings: Mapping[str, Any]) -> nn.ModuleList:
    """PCK at each of the thresholds."""
    return nn.ModuleList(PCK(SKELETONS[settings["skeleton"]], threshold) for threshold in settings["thresholds"])

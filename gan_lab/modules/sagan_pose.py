"""SAGAN-pose: human pose estimation with self-attention GANs (Wang et al., IEEE Access 7, 2019)."""

from collections.abc import Iterator
from typing import Any, Literal, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_lab.errors import ConfigurationError
from gan_lab.losses import balance_step, convergence_measure
from gan_lab.metrics.pck import PCK
from gan_lab.metrics.table import format_scores
from gan_lab.networks import HeatmapDiscriminator, StackedHourglass
from gan_lab.networks.attention import AttentionForm, Variant
from gan_lab.networks.hourglass import STRIDE
from gan_lab.networks.layers import frozen, inference_behaviour
from gan_lab.pose.drawing import draw_heatmaps, draw_poses, joint_colors
from gan_lab.pose.found_poses import FoundPoses, map_points
from gan_lab.pose.heatmaps import Decoding, decode, flip_back, heatmap_loss, render_heatmaps, to_pixels
from gan_lab.pose.skeletons import SKELETONS
from gan_lab.samples import PersonSample, PoseSample
from gan_lab.schedules import step_decay
from gan_lab.training.gan_module import GANModule, fused_adam


class SAGANPoseModule(GANModule):
    """Finds a person's joints as the peaks of heatmaps, which a discriminator compares with real ones.

    The defaults are the paper's where its text says, those of the authors' released code elsewhere. The generator is
    a stack of hourglasses, each with a loss of its own; the discriminator reconstructs heatmaps, and is trained to do
    it well on real ones and badly on predicted ones, in BEGAN's equilibrium.

    Args:
        skeleton: The joints, as the data set has them.
        stacks: Hourglasses in a row.
        depth: Times each hourglass halves its map; the image's side must be a multiple of 4 x 2^depth.
        channels: The generator's features, a multiple of 8.
        residuals: Residual modules in a row in the generator (2 in the release's training command).
        discriminator_channels: The discriminator's features, a multiple of 8.
        attention: ``fused`` in an eighth of the channels, by a kernel that never holds the matrix of weights;
            ``explicit`` with the release's shapes and the softmax of the paper's text; ``sigmoid`` as the release
            computes, not normalised, for comparison; ``none``.
        generator_variant: Attention module in the generator: ``A`` works on the residual module's result, ``B`` adds
            to it what it makes of the input.
        discriminator_variant: The same in the discriminator's skip connections.
        key_pool: Side of the max-pooling of keys and values in ``fused``; 1 for none.
        sigma: Standard deviation of a joint's Gaussian in heatmap cells.
        mask_missing: Whether joints without a label are left out of the heatmaps' error, and are empty maps to the
            discriminator. False asks for empty maps there, as the release does: right where no label means out of the
            picture, wrong where it means not labelled.
        adversarial: Whether there is a discriminator; False trains the hourglasses alone.
        adversarial_weight: Weight of the adversarial loss beside the heatmaps' error (lambda_G).
        balance_ratio: L_fake / L_real that the balance k aims for (gamma).
        balance_rate: How fast k follows (lambda_k).
        lr: RMSprop's learning rate at the start, of the generator.
        discriminator_lr: Adam's learning rate at the start, of the discriminator.
        milestones: Epochs after which both rates drop.
        decay_factor: What they are multiplied by each time.
        flip_test: Whether evaluation averages the heatmaps of an image and of its mirror image.
        decoding: How a joint is found in its heatmap: the highest cell, a quarter of a cell from it towards the higher
            neighbour, or the top of the parabola through its surroundings.
        thresholds: Distances up to which a joint counts as found, in lengths of its person (LSP 0.2 of the torso;
            MPII 0.5 and 0.1 of the head). The first one gives ``val/pck``.

    Raises:
        ValueError: If sizes or choices do not fit together.
    """

    balance: Tensor

    def __init__(
        self,
        skeleton: Literal["lsp", "mpii", "figures"] = "lsp",
        stacks: int = 4,
        depth: int = 4,
        channels: int = 256,
        residuals: int = 1,
        discriminator_channels: int = 256,
        attention: AttentionForm = "fused",
        generator_variant: Variant = "B",
        discriminator_variant: Variant = "A",
        key_pool: int = 2,
        sigma: float = 1.0,
        mask_missing: bool = True,
        adversarial: bool = True,
        adversarial_weight: float = 1e-4,
        balance_ratio: float = 0.5,
        balance_rate: float = 1e-3,
        lr: float = 2.5e-4,
        discriminator_lr: float = 2.5e-4,
        milestones: tuple[int, ...] = (40, 60, 80),
        decay_factor: float = 0.2,
        flip_test: bool = True,
        decoding: Decoding = "quarter",
        thresholds: tuple[float, ...] = (0.2,),
    ) -> None:
        super().__init__()
        if skeleton not in SKELETONS:
            raise ConfigurationError(f"skeleton must be one of {', '.join(SKELETONS)}, got {skeleton!r}")
        if not thresholds:
            raise ConfigurationError("thresholds must name at least one distance, got none")
        if sigma <= 0:
            raise ConfigurationError(f"sigma must be above 0, got {sigma}")
        self.save_hyperparameters()
        self.skeleton = SKELETONS[skeleton]
        self.measure = "PCKh" if skeleton == "mpii" else "PCK"
        self.sigma = sigma
        self.mask_missing = mask_missing
        self.adversarial_weight = adversarial_weight
        self.balance_ratio = balance_ratio
        self.balance_rate = balance_rate
        self.lr = lr
        self.discriminator_lr = discriminator_lr
        self.milestones = milestones
        self.decay_factor = decay_factor
        self.flip_test = flip_test
        self.decoding: Decoding = decoding

        joints = len(self.skeleton.joints)
        self.generator = StackedHourglass(
            joints, stacks, depth, channels, residuals, attention, generator_variant, key_pool
        )
        self.discriminator: HeatmapDiscriminator | None = None
        if adversarial:
            self.discriminator = HeatmapDiscriminator(
                joints, depth, discriminator_channels, attention, discriminator_variant, key_pool
            )
            self.register_buffer("balance", torch.zeros(()))  # k_0 = 0
        self.validation_metrics = nn.ModuleList(PCK(self.skeleton, threshold) for threshold in thresholds)
        self.test_metrics = nn.ModuleList(PCK(self.skeleton, threshold) for threshold in thresholds)

    def configure_optimizers(self) -> list[Optimizer]:
        """RMSprop for the generator, Adam for the discriminator."""
        optimizers: list[Optimizer] = [torch.optim.RMSprop(self.generator.parameters(), self.lr)]
        if self.discriminator is not None:
            optimizers.append(fused_adam(self.discriminator.parameters(), self.discriminator_lr, (0.9, 0.999)))
        return optimizers

    def on_train_epoch_start(self) -> None:
        """Drops the learning rates at the milestones."""
        self.scale_learning_rates(step_decay(self.current_epoch, self.milestones, self.decay_factor))

    def adversarial_step(self, batch: PoseSample) -> None:
        """D first, then G, then the balance, on one prediction: D's step does not change G."""
        optimizers = self.optimizers()
        images, labelled = batch["image"], batch["labelled"]
        self._require_joints(batch)
        self._require_size(images)
        target = render_heatmaps(batch["keypoints"], labelled, images.shape[-1] // STRIDE, STRIDE, self.sigma)
        counted = (labelled if self.mask_missing else torch.ones_like(labelled))[..., None, None]
        predicted = self.generator(images).to(target.dtype)  # (S, B, K, h, w); losses are not for half precision
        zero_map = target.square().mean() * len(predicted)  # what empty maps would score: above it nothing is learnt
        losses = {"loss/zero_map": zero_map}
        if self.discriminator is None:
            losses["loss/heatmaps"] = heatmap_loss(predicted, target, counted)
            self.minimize(losses["loss/heatmaps"], cast(LightningOptimizer, optimizers))
        else:
            optimizer_g, optimizer_d = cast(list[LightningOptimizer], optimizers)
            losses |= self._discriminator_step(
                self.discriminator, images, target, predicted[-1].detach() * counted, optimizer_d
            )
            with frozen(self.discriminator):
                losses |= self._generator_step(self.discriminator, images, target, predicted, counted, optimizer_g)
            self._rebalance(losses["loss/real"], losses["loss/fake"])
        self.log_losses(losses)

    def _discriminator_step(
        self,
        discriminator: HeatmapDiscriminator,
        images: Tensor,
        target: Tensor,
        predicted: Tensor,
        optimizer: LightningOptimizer,
    ) -> dict[str, Tensor]:
        """L_D = L_real - k L_fake."""
        losses: dict[str, Tensor] = {}

        def parts() -> Iterator[Tensor]:  # each part's graph is freed before the next one is made
            losses["loss/real"] = reconstruction_error(discriminator, images, target)
            yield losses["loss/real"]
            with torch.set_grad_enabled(bool(self.balance > 0)):  # with k = 0 it has no part in the gradient
                losses["loss/fake"] = reconstruction_error(discriminator, images, predicted)
            if losses["loss/fake"].requires_grad:
                yield -self.balance * losses["loss/fake"]

        self.minimize(parts(), optimizer)
        losses["loss/discriminator"] = losses["loss/real"] - self.balance * losses["loss/fake"]
        return losses

    def _generator_step(
        self,
        discriminator: HeatmapDiscriminator,
        images: Tensor,
        target: Tensor,
        predicted: Tensor,
        counted: Tensor,
        optimizer: LightningOptimizer,
    ) -> dict[str, Tensor]:
        """L_G = sum over stacks of their MSE + lambda_G L_adv, and how much of it pulls at the last heatmaps."""
        pulls: dict[str, Tensor] = {}

        def watched(heatmaps: Tensor, name: str) -> Tensor:
            branch = heatmaps.view_as(heatmaps)
            branch.register_hook(lambda gradient: pulls.update({name: gradient.norm()}))
            return branch

        stacks, last = predicted[:-1], predicted[-1]
        supervised = heatmap_loss(torch.cat([stacks, watched(last, "supervised")[None]]), target, counted)
        adversarial = reconstruction_error(discriminator, images, watched(last, "adversarial") * counted)
        self.minimize(supervised + self.adversarial_weight * adversarial, optimizer)
        self.log("balance/gradient_ratio", pulls["adversarial"] / pulls["supervised"].clamp_min(1e-12))
        return {"loss/heatmaps": supervised, "loss/adversarial": adversarial}

    def _rebalance(self, real: Tensor, fake: Tensor) -> None:
        """Moves k by the losses of all processes, so that it stays the same on all."""
        losses = torch.stack([real.detach(), fake.detach()])
        real, fake = cast(Tensor, self.trainer.strategy.reduce(losses, reduce_op="mean"))
        self.balance.copy_(balance_step(self.balance, real, fake, self.balance_ratio, self.balance_rate))
        self.log("balance/k", self.balance, prog_bar=True)
        self.log("balance/convergence", convergence_measure(real, fake, self.balance_ratio))

    def _require_size(self, images: Tensor) -> None:
        """Refuses images that the hourglasses cannot halve often enough, or that are not square."""
        height, width = images.shape[-2:]
        if height != width or height % self.generator.size_multiple:
            raise ConfigurationError(
                f"data.image_size must be a multiple of {self.generator.size_multiple} for model.depth as it is, "
                f"the images are {height}x{width}"
            )

    def _require_joints(self, batch: PoseSample) -> None:
        """Refuses people of another skeleton."""
        theirs, ours = batch["keypoints"].shape[1], len(self.skeleton.joints)
        if theirs != ours:
            raise ConfigurationError(f"model.skeleton has {ours} joints, the data's people have {theirs}")

    def find_heatmaps(self, images: Tensor) -> Tensor:
        """The last stack's heatmaps (B, K, H/4, W/4) of images (B, 3, H, W) in [-1, 1], by the flip test if wanted."""
        self._require_size(images)
        with inference_behaviour(self.generator, dropout=False, batch_statistics=False):
            heatmaps: Tensor = self.generator(images)[-1].float()
            if self.flip_test:
                mirrored = self.generator(images.flip(-1))[-1].float()
                heatmaps = (heatmaps + flip_back(mirrored, self.skeleton.flip_pairs)) / 2
        return heatmaps

    def find_poses(self, heatmaps: Tensor, to_source: Tensor) -> FoundPoses:
        """Reads joints (B, K) off heatmaps, in crops and through ``to_source`` (B, 2, 3) in the source images."""
        cells, scores = decode(heatmaps, self.decoding)
        in_crop = to_pixels(cells, STRIDE)
        return FoundPoses(self.skeleton, in_crop, map_points(in_crop, to_source.to(in_crop.dtype)), scores)

    def predict_step(self, batch: PoseSample | PersonSample, batch_idx: int) -> FoundPoses:  # type: ignore[override]  # no image
        """Finds a batch's poses."""
        return self.find_poses(self.find_heatmaps(batch["image"]), batch["to_source"])

    def render(self, batch: PoseSample | PersonSample) -> dict[str, Tensor]:
        """``image``, the ``pose`` found in it, its ``heatmaps`` and, if the batch has labels, the ``truth``."""
        image = batch["image"]
        heatmaps = self.find_heatmaps(image)
        found = self.find_poses(heatmaps, batch["to_source"])
        everything = torch.ones_like(found.scores, dtype=torch.bool)
        images = {
            "image": image,
            "pose": draw_poses(image, found.in_crop, everything, self.skeleton),
            "heatmaps": draw_heatmaps(image, heatmaps, joint_colors(self.skeleton)),
        }
        if "keypoints" in batch:
            known = cast(PoseSample, batch)
            images["truth"] = draw_poses(image, known["keypoints"], known["labelled"], self.skeleton)
        return images

    def validation_step(self, batch: PoseSample, batch_idx: int) -> None:
        """PCK in percent: ``val/pck``, the mean over joints, and ``val/pck_weighted_mean``, ``val/pck_auc`` and groups.

        With a further threshold, 0.1 say, also ``val/pck@0.1`` and so on.
        """
        self._measure(batch, self.validation_metrics)

    def test_step(self, batch: PoseSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, self.test_metrics)

    def on_validation_epoch_end(self) -> None:
        """Logs the scores; ``validate`` prints them as papers do."""
        self._report("val", self.validation_metrics)

    def on_test_epoch_end(self) -> None:
        """Logs and prints the scores."""
        self._report("test", self.test_metrics)

    def _measure(self, batch: PoseSample, metrics: nn.ModuleList) -> None:
        self._require_joints(batch)
        found = self.find_poses(self.find_heatmaps(batch["image"]), batch["to_source"])
        for metric in metrics:
            cast(PCK, metric).update(found.in_source, batch["truth"], batch["labelled"], batch["length"])

    def _report(self, split: str, metrics: nn.ModuleList) -> None:
        tables: dict[str, dict[str, Tensor]] = {}
        for place, metric in enumerate(metrics):
            pck = cast(PCK, metric)
            table = tables[f"{self.measure}@{pck.threshold:g}"] = pck.compute()
            pck.reset()
            name = f"{split}/pck" if place == 0 else f"{split}/pck@{pck.threshold:g}"
            scores = {name if row == "mean" else f"{name}_{row}": score for row, score in table.items()}
            self.log_dict(cast(dict[str, Any], scores), sync_dist=True)
        if self.trainer.state.fn != "fit" and self.trainer.is_global_zero:
            print(format_scores(tables))


def reconstruction_error(discriminator: HeatmapDiscriminator, images: Tensor, heatmaps: Tensor) -> Tensor:
    """MSE of D(x, h) against h, which is a constant there: a prediction is changed through D's input alone."""
    error: Tensor = discriminator(images, heatmaps) - heatmaps.detach()
    return error.square().mean()

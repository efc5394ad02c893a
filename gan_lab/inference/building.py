"""Networks and what predicts with them, from a model's settings: its options by name, as a checkpoint keeps them.

Modules build their generators here, and so does whoever uses a trained model without training it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from gan_lab.inference.latent_sampler import LatentSampler
from gan_lab.inference.pose_finder import PoseFinder
from gan_lab.inference.style_sampler import StyleSampler
from gan_lab.inference.translator import Translator
from gan_lab.networks import (
    DCGANGenerator,
    HeatmapDiscriminator,
    HourglassSettings,
    PatchDiscriminator,
    ResNetGenerator,
    StackedHourglass,
    StyleGANDiscriminator,
    StyleGANGenerator,
    UNetGenerator,
)
from gan_lab.pose.skeletons import SKELETONS
from gan_lab.schedules import GrowthStage, as_schedule

Settings = Mapping[str, Any]


def pix2pix_generator(settings: Settings) -> UNetGenerator:
    """The U-Net of a Pix2PixModule's settings."""
    return UNetGenerator(
        in_channels=settings["in_channels"],
        out_channels=settings["out_channels"],
        image_size=settings["image_size"],
        base_channels=settings["generator_channels"],
        norm=settings["norm"],
        dropout=settings["dropout"],
        skip_connections=settings["skip_connections"],
        upsampling=settings.get("upsampling", "transposed"),  # checkpoints from before there was a choice
        refinement_channels=settings.get("refinement_channels", 0),
    )


def pix2pix_translator(generator: UNetGenerator, settings: Settings) -> Translator:
    """What translates as a Pix2PixModule of these settings does."""
    return Translator(
        generator,
        color_space=settings["color_space"],
        dropout=settings["test_dropout"],
        batch_statistics=settings["test_batch_statistics"],
    )


def patch_discriminator(settings: Settings, in_channels: int) -> PatchDiscriminator:
    """A discriminator of a Pix2PixModule's or a CycleGANModule's settings, which judges so many channels."""
    return PatchDiscriminator(
        in_channels=in_channels,
        receptive_field=settings["receptive_field"],
        base_channels=settings["discriminator_channels"],
        norm=settings["norm"],
    )


def cyclegan_generator(settings: Settings) -> ResNetGenerator | UNetGenerator:
    """One of the two generators of a CycleGANModule's settings; :class:`Translator` takes it as it is."""
    shared = {
        "in_channels": settings["channels"],
        "out_channels": settings["channels"],
        "base_channels": settings["generator_channels"],
        "norm": settings["norm"],
        "dropout": settings["dropout"],
        "upsampling": settings.get("upsampling", "transposed"),
    }
    if settings["generator"] == "unet":
        return UNetGenerator(image_size=settings["image_size"], **shared)
    return ResNetGenerator(blocks=settings["blocks"], **shared)


def art_dcgan_generator(settings: Settings) -> DCGANGenerator:
    """The generator of an ArtDCGANModule's settings."""
    return DCGANGenerator(
        image_size=settings["image_size"],
        latent_size=settings["latent_size"],
        channels=settings["channels"],
        base_channels=settings["generator_channels"],
        upsampling=settings.get("upsampling", "transposed"),
    )


def art_dcgan_sampler(generator: DCGANGenerator, settings: Settings) -> LatentSampler:
    """What makes images as an ArtDCGANModule of these settings does."""
    return LatentSampler(generator, settings["latent_size"])


def stylegan_generator(settings: Settings) -> StyleGANGenerator:
    """The generator of a StyleGANModule's settings, at any stage of its growth."""
    return StyleGANGenerator(
        resolution=as_schedule(settings["schedule"]).resolution,
        **{name: settings[name] for name in _STYLEGAN_OPTIONS},
    )


def stylegan_discriminator(settings: Settings) -> StyleGANDiscriminator:
    """The discriminator of a StyleGANModule's settings, which grows with the generator."""
    return StyleGANDiscriminator(
        resolution=as_schedule(settings["schedule"]).resolution,
        base_channels=settings["base_channels"],
        max_channels=settings["max_channels"],
        blurred=settings["blurred"],
    )


_STYLEGAN_OPTIONS = (
    "latent_size",
    "mapping_layers",
    "base_channels",
    "max_channels",
    "styles",
    "constant_input",
    "noise",
    "pixel_norm",
    "instance_norm",
    "blurred",
)


def stylegan_sampler(
    generator: StyleGANGenerator, settings: Settings, stage: Callable[[], GrowthStage]
) -> StyleSampler:
    """What makes images as a StyleGANModule of these settings does, grown as far as ``stage`` says."""
    return StyleSampler(
        generator,
        truncation_cutoff=settings["truncation_cutoff"],
        noise_mode=settings["noise_mode"],
        stage=stage,
    )


def pose_generator(settings: Settings) -> StackedHourglass:
    """The stack of hourglasses of a SAGANPoseModule's settings."""
    hourglass = hourglass_settings(settings, "generator")
    return StackedHourglass(hourglass, stacks=settings["stacks"], residuals=settings["residuals"])


def heatmap_discriminator(settings: Settings) -> HeatmapDiscriminator | None:
    """The discriminator of a SAGANPoseModule's settings; None in a training without one."""
    return HeatmapDiscriminator(hourglass_settings(settings, "discriminator")) if settings["adversarial"] else None


def hourglass_settings(settings: Settings, role: Literal["generator", "discriminator"]) -> HourglassSettings:
    """What either network of a SAGANPoseModule's settings is built of."""
    return HourglassSettings(
        joints=len(SKELETONS[settings["skeleton"]].joints),
        channels=settings["channels" if role == "generator" else "discriminator_channels"],
        variant=settings[f"{role}_variant"],
        **{name: settings[name] for name in ("depth", "attention", "key_pool")},
    )


def pose_finder(generator: StackedHourglass, settings: Settings) -> PoseFinder:
    """What finds poses as a SAGANPoseModule of these settings does."""
    return PoseFinder(
        generator,
        SKELETONS[settings["skeleton"]],
        flip_test=settings["flip_test"],
        decoding=settings["decoding"],
    )

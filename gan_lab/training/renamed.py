"""What used to have another name: one table for configurations, command lines and checkpoints.

``gan_lab.cli.renamed`` applies it to what a user writes; here it is applied to checkpoints, wherever one is read.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Names = Mapping[str, str]
ALL = "*"  # in place of a class: every class of the section


@dataclass(frozen=True)
class Renames:
    """Old names and the new ones.

    Sections are ``model``, ``data``, ``callbacks`` and ``predictions``; ``nested`` is for classes that are the value of
    an option, such as a degradation. In a section, rows belong to a class and the classes derived from it, or to ``*``.

    Attributes:
        options: Section, class, old name of an option: its new name.
        values: Section, class, option by its new name, old value: the new value.
        modules: Old dotted path of a module of this package: its new path.
        classes: Old name of a class of this package, without its module: its new name.
        metrics: Old name of a logged metric, as a callback's ``monitor`` has it: its new name.
        weights: Regular expression found in the name of a weight: what takes its place, as in ``re.sub``.
    """

    options: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Mapping[str, Names]]] = field(default_factory=dict)
    modules: Names = field(default_factory=dict)
    classes: Names = field(default_factory=dict)
    metrics: Names = field(default_factory=dict)
    weights: Names = field(default_factory=dict)

    def options_of(self, section: str, lineage: Iterable[str] | None) -> dict[str, str]:
        """The renamed options of a class.

        Args:
            section: Where the class is named.
            lineage: Names of the class and of its bases; None if it is not known, for what no two classes of the
                section disagree on.
        """
        return _merged(self.options.get(section, {}), lineage)

    def values_of(self, section: str, lineage: Iterable[str] | None) -> dict[str, Names]:
        """The renamed values of a class's options, by the new name of the option; arguments as ``options_of``."""
        return _merged(self.values.get(section, {}), lineage)

    def class_path(self, path: str) -> str:
        """The present path of a class, dotted or short; what was not renamed comes back as it is."""
        module, dot, name = path.rpartition(".")
        if module and module.split(".")[0] != "gan_lab":
            return path
        return self.modules.get(module, module) + dot + self.classes.get(name, name)

    def weight(self, name: str) -> str:
        """The present name of a weight."""
        for pattern, replacement in self.weights.items():
            name = re.sub(pattern, replacement, name)
        return name


RENAMES = Renames(
    options={
        "model": {
            "ArtDCGANModule": {"average_half_life": "ema_half_life"},
            "StyleGANModule": {
                "average_half_life_kimg": "ema_half_life_kimg",
                "lrs": "lr_by_resolution",
                "mixing": "style_mixing_prob",
                "psi": "truncation_psi",
                "psi_layers": "truncation_cutoff",
                "sample_noise": "noise_mode",
            },
        },
        "data": {ALL: {"broken_share": "max_broken_fraction", "held_out_share": "val_fraction"}},
        "callbacks": {
            "DistributionDistance": {"samples": "num_images"},
            "ImageLogger": {"samples": "num_rows"},
            "PathLength": {"samples": "num_paths"},
        },
        "predictions": {ALL: {"sheet_samples": "sheet_rows"}},
    },
    values={
        "model": {"StyleGANModule": {"noise_mode": {"fixed": "const"}}},
        "data": {"DegradedFolderDataModule": {"degradation": {"Grey": "Gray"}}},
    },
    classes={"Grey": "Gray"},
    weights={
        r"^averaged_generator\.": "generator_ema.",
        r"\bmean_w$": "w_avg",
        r"^(discriminator\.blocks\.\d+)\.keep\.": r"\1.conv0.",
        r"^(discriminator\.blocks\.\d+)\.halve\.": r"\1.conv1_down.",
    },
    modules={
        "gan_lab.allocator": "gan_lab.training.allocator",
        "gan_lab.callbacks.film": "gan_lab.images.film",
        "gan_lab.callbacks.sheet": "gan_lab.images.sheet",
        "gan_lab.checkpoints": "gan_lab.training.checkpoints",
        "gan_lab.color": "gan_lab.images.color",
        "gan_lab.degradations": "gan_lab.images.degradations",
        "gan_lab.drawing": "gan_lab.pose.drawing",
        "gan_lab.heatmaps": "gan_lab.pose.heatmaps",
        "gan_lab.image_pool": "gan_lab.training.image_pool",
        "gan_lab.modules.base": "gan_lab.training.gan_module",
        "gan_lab.networks.averaging": "gan_lab.training.ema",
        "gan_lab.palettes": "gan_lab.images.palettes",
        "gan_lab.person_crop": "gan_lab.pose.person_crop",
        "gan_lab.pixels": "gan_lab.images.pixels",
        "gan_lab.poses": "gan_lab.pose.predicted_poses",
        "gan_lab.skeletons": "gan_lab.pose.skeletons",
        "gan_lab.style_sampler": "gan_lab.inference.style_sampler",
        "gan_lab.transforms": "gan_lab.images.transforms",
    },
)


def lineage(class_path: str) -> tuple[str, ...]:
    """Names of a class and of its bases, as far as its module is loaded: nothing is imported for a name in a file."""
    module, _, name = class_path.rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    return tuple(base.__name__ for base in found.__mro__) if isinstance(found, type) else (name,)


def with_present_names(checkpoint: dict[str, Any], renames: Renames) -> dict[str, Any]:
    """A training checkpoint whose weights and hyper-parameters have their present names.

    Args:
        checkpoint: As loaded; it stays as it is.
        renames: The table.
    """
    present = checkpoint | {"state_dict": _present_weights(checkpoint["state_dict"], renames)}
    for key, section in (("hyper_parameters", "model"), ("datamodule_hyper_parameters", "data")):
        if key in checkpoint:
            present[key] = _present_hyper_parameters(checkpoint[key], section, renames)
    return present


def _present_weights(weights: Mapping[str, Any], renames: Renames) -> Mapping[str, Any]:
    names = {name: renames.weight(name) for name in weights}
    if all(old == new for old, new in names.items()):
        return weights
    return {names[name]: tensor for name, tensor in weights.items()}


def _present_hyper_parameters(saved: Mapping[str, Any], section: str, renames: Renames) -> dict[str, Any]:
    class_path = renames.class_path(saved["_class_path"]) if "_class_path" in saved else None
    family = lineage(class_path) if class_path else None
    options, values = renames.options_of(section, family), renames.values_of(section, family)
    present = {name: value for name, value in saved.items() if name not in options}
    present = {options[name]: value for name, value in saved.items() if name in options} | present
    for name, value in present.items():
        if isinstance(value, str):
            present[name] = values.get(name, {}).get(value, value)
    return present | ({"_class_path": class_path} if class_path else {})


def _merged(classes: Mapping[str, Mapping[str, Any]], lineage: Iterable[str] | None) -> dict[str, Any]:
    """The rows of the classes of a lineage; of all classes if it is None, without what they disagree on."""
    wanted = classes.keys() if lineage is None else [ALL, *lineage]
    merged: dict[str, Any] = {}
    disputed: set[str] = set()
    for name in wanted:
        for old, new in classes.get(name, {}).items():
            if merged.setdefault(old, new) != new:
                disputed.add(old)
    return {old: new for old, new in merged.items() if lineage is not None or old not in disputed}

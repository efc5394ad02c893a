"""Old names in configurations and on the command line: they go on working, and a line says the new one.

Text is changed in place, name by name, so that comments, anchors and the numbers of lines stay a user's own.
"""

import contextlib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from gan_lab.errors import require
from gan_lab.training.renamed import RENAMES, Renames, lineage

Keys = tuple[str, ...]  # those that lead to a place in a configuration
_CLASS_OPTIONS: tuple[Keys, ...] = (
    ("model",),
    ("data",),
    ("trainer", "callbacks"),
)  # their value is a class, or several
_SECTIONS = dict(zip(_CLASS_OPTIONS, ("model", "data", "callbacks"), strict=True))


@dataclass
class PresentNames:
    """Puts present names in the place of old ones.

    Attributes:
        renames: The table.
        classes: Class path of the model and of the data, by section, where a text does not say it itself.
        notes: What was renamed so far, a line each.
        trusted: The texts of the configurations that the user named.
    """

    renames: Renames = field(default_factory=lambda: RENAMES)
    classes: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trusted: set[str] = field(default_factory=set)

    def in_text(self, text: str, path: Keys = (), origin: str = "") -> str:
        """YAML or JSON with present names.

        Args:
            text: What may have old ones; what is no YAML comes back as it is, for the parser to refuse.
            path: The option that it is the value of; empty for a whole configuration.
            origin: The file, for errors.

        Raises:
            ConfigurationError: If an option is given by both names.
        """
        try:
            root = yaml.compose(text, yaml.SafeLoader)
        except yaml.YAMLError:
            return text
        if root is None:
            return text
        edits = _Edits(text)
        _Walk(self, edits, origin).visit(root, path)
        return edits.applied()

    def in_arguments(self, arguments: Sequence[str]) -> list[str]:
        """A command line with present names.

        Raises:
            ConfigurationError: If an option is given by both names.
        """
        present: list[str] = []
        given: dict[str, str] = {}
        position = 0
        callback = None
        while position < len(arguments):
            option, equals, value = arguments[position].partition("=")
            position += 1
            takes_next = option.startswith("--") and not equals and position < len(arguments)
            if takes_next and not arguments[position].startswith("--"):
                value = arguments[position]
                position += 1
            else:
                takes_next = False
            if option.startswith("--"):
                old = option
                option, value = self._option(option, value, callback)
                require(
                    given.setdefault(option, old) == old, f"{given[option]} and {old} are the same: give one of them"
                )
                if option.rstrip("+") == "--trainer.callbacks":
                    callback = None if _is_yaml(value) else value
            present += [option, value] if takes_next else [option + equals + value]
        return present

    def class_path(self, path: str) -> str:
        """The present path of a class; its renaming is noted."""
        present = self.renames.class_path(path)
        self.note(path, present)
        return present

    def note(self, old: str, new: str) -> None:
        """Notes a renaming, once."""
        line = f"{old} is now {new}"
        if old != new and line not in self.notes:
            self.notes.append(line)

    def family(self, section: str, class_path: str | None) -> Sequence[str] | None:
        """Names of a class and its bases; without a class of its own, those of the section's; None if unknown."""
        class_path = class_path or self.classes.get(section)
        if class_path is None:
            return None
        module = class_path.rpartition(".")[0]
        if module:
            with contextlib.suppress(Exception):  # whatever is wrong with it, the parser says so
                importlib.import_module(module)
        return lineage(class_path)

    def value(self, section: str, family: Sequence[str] | None, option: str, value: str) -> str:
        """The present value of an option, which is told by its present name; its renaming is noted."""
        present = self.renames.values_of(section, family).get(option, {}).get(value, value)
        if section == "callbacks" and option == "monitor":
            present = self.renames.metrics.get(value, value)
        if present != value:
            self.note(f"{value} of {section}.{option}", present)
        return present

    def _option(self, option: str, value: str, callback: str | None) -> tuple[str, str]:
        """An option of the command line and its value with present names."""
        plus = "+" if option.endswith("+") else ""
        path = tuple(option.removeprefix("--").removesuffix("+").split("."))
        for head in (*_CLASS_OPTIONS, ("predictions",)):
            if path[: len(head)] != head or len(path) == len(head):
                continue
            section = _SECTIONS.get(head, head[0])
            inside = path[len(head) :]
            between, names = (inside[:1], inside[1:]) if inside[0] == "init_args" else ((), inside)
            if names:
                owner = callback if section == "callbacks" else None
                family = self.family(section, owner)
                name = self.renames.options_of(section, family).get(names[0], names[0])
                self.note(f"{section}.{names[0]}", f"{section}.{name}")
                path = (*head, *between, name, *names[1:])
                if len(names) == 1:
                    value = self.value(section, family, name, value)
        return f"--{'.'.join(path)}{plus}", self._named(value, path)

    def _named(self, value: str, path: Keys) -> str:
        """The value of an option: a class, or YAML that may name some."""
        if _is_yaml(value):
            return self.in_text(value, path)
        if path in _CLASS_OPTIONS or path[-1] in ("class_path", "help") or value.startswith("gan_lab."):
            return self.class_path(value)
        return value


class _Edits:
    """Changes of single words of a text, by their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words: dict[int, tuple[str, str]] = {}

    def replace(self, node: yaml.ScalarNode, new: str) -> None:
        """Has a scalar become another one; its anchor and its quotes stay."""
        written = self.text[node.start_mark.index : node.end_mark.index]
        if node.value in written:  # or it is written with escapes, as no name is
            self._words[node.start_mark.index + written.rindex(node.value)] = (node.value, new)

    def applied(self) -> str:
        """The text with all changes."""
        text = self.text
        for start, (old, new) in sorted(self._words.items(), reverse=True):
            text = text[:start] + new + text[start + len(old) :]
        return text


@dataclass
class _Walk:
    """A walk over a tree of YAML that notes what to edit."""

    names: PresentNames
    edits: _Edits
    origin: str

    def visit(self, node: yaml.Node, path: Keys) -> None:
        """Goes over what stands at ``path``."""
        if isinstance(node, yaml.ScalarNode):
            if path in _CLASS_OPTIONS or node.value.startswith("gan_lab."):
                self._replace(node, self.names.class_path(node.value))
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self.visit(item, path)
        elif isinstance(node, yaml.MappingNode) and path == ("predictions",):
            self._options(node, path, "predictions", ())
        elif isinstance(node, yaml.MappingNode) and path[-1:] == ("init_args",):
            section = _SECTIONS.get(path[:-1], "nested")
            self._options(node, path[:-1], section, self.names.family(section, None))
        elif isinstance(node, yaml.MappingNode):
            self._mapping(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Keys) -> None:
        """A class with its options, or any other mapping."""
        class_path = None
        for key, value in node.value:
            if key.value == "class_path" and isinstance(value, yaml.ScalarNode):
                class_path = self.names.class_path(value.value)
                self._replace(value, class_path)
        for key, value in node.value:
            if key.value == "init_args" and isinstance(value, yaml.MappingNode):
                section = _SECTIONS.get(path, "nested")
                self._options(value, path, section, self.names.family(section, class_path))
            elif isinstance(key, yaml.ScalarNode) and key.value != "class_path":
                self.visit(value, path if key.value == "<<" else (*path, key.value))

    def _options(self, node: yaml.MappingNode, path: Keys, section: str, family: Sequence[str] | None) -> None:
        """The options of a class, or of a section that is no class of the user's choice."""
        options = self.names.renames.options_of(section, family)
        written = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        owner = family[0] if section == "callbacks" and family else section
        for key, value in node.value:
            if key.value == "<<":
                self._merged(value, path, section, family)
                continue
            if not isinstance(key, yaml.ScalarNode):
                continue
            old = str(key.value)
            name = options.get(old, old)
            if name != old:
                where = f"{self.origin}: " if self.origin else ""
                both = f"{where}{owner}.{old} and {owner}.{name} are the same: give one of them"
                require(name not in written, both)
                self.names.note(f"{owner}.{old}", f"{owner}.{name}")
                self._replace(key, name)
            if isinstance(value, yaml.ScalarNode):
                self._replace(value, self.names.value(section, family, name, value.value))
            self.visit(value, (*path, name))

    def _merged(self, node: yaml.Node, path: Keys, section: str, family: Sequence[str] | None) -> None:
        """The mappings that a merge key names."""
        for mapping in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(mapping, yaml.MappingNode):
                self._options(mapping, path, section, family)

    def _replace(self, node: yaml.ScalarNode, new: str) -> None:
        if new != node.value:
            self.edits.replace(node, new)


def _is_yaml(value: str) -> bool:
    """Whether the value of an option is a list or a mapping."""
    return value.lstrip()[:1] in ("[", "{")

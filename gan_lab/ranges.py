"""Ranges of options, said once in their types: the help shows them, constructors and the command hold to them."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from gan_lab import errors


@dataclass(frozen=True)
class Range:
    """What a number may be, for ``Annotated[float, Range(at_least=0)]``: to Python and to checkpoints it is a float.

    Attributes:
        at_least: The smallest number allowed.
        above: What it must exceed, in place of ``at_least``.
        at_most: The largest number allowed.
        below: What it must stay below, in place of ``at_most``.
        power_of_two: Whether it must be 1, 2, 4, 8 ..., or 0 where that is within the bounds.
        multiple_of: What a whole number must be a multiple of.
    """

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    power_of_two: bool = False
    multiple_of: int = 1

    def __repr__(self) -> str:
        return self.of("number")

    def of(self, kind: str) -> str:
        """The range as help has it: ``0 <= float < 1``, ``int >= 1``, ``finite float``."""
        if self.power_of_two:
            kind = "power of two"
        elif self.multiple_of > 1:
            kind = f"multiple of {self.multiple_of}"
        lowest = [(self.at_least, "<=", ">="), (self.above, "<", ">")]
        low = next(((_shown(bound), before, after) for bound, before, after in lowest if bound is not None), None)
        highest = [(self.at_most, "<="), (self.below, "<")]
        high = next((f" {sign} {_shown(bound)}" for bound, sign in highest if bound is not None), "")
        if low is None:
            return f"{kind}{high}" if high else f"finite {kind}"
        return f"{low[0]} {low[1]} {kind}{high}" if high else f"{kind} {low[2]} {low[0]}"

    def require(self, number: Any, name: str) -> None:
        """Refuses a number that is out of range; raises ConfigurationError with its name, the range and what it is."""
        bounds = {"at_least": self.at_least, "above": self.above, "at_most": self.at_most, "below": self.below}
        errors.require_numbers({name: number}, **bounds)
        fits = not self.power_of_two or (isinstance(number, int) and number & (number - 1) == 0)
        errors.require(fits, f"{name} must be a power of two{' or 0' if self.at_least == 0 else ''}, got {number}")
        fits = self.multiple_of == 1 or number % self.multiple_of == 0
        errors.require(fits, f"{name} must be a multiple of {self.multiple_of}, got {number}")


@dataclass(frozen=True, repr=False)
class Processes(Range):
    """How many processes a number may stand for: as many as the machine can sensibly run."""

    def require(self, number: Any, name: str) -> None:
        """As of any range, and refuses what is too many here."""
        super().require(number, name)
        require_processes(number, name)


PositiveInt = Annotated[int, Range(at_least=1)]
NonNegativeInt = Annotated[int, Range(at_least=0)]
PositiveFloat = Annotated[float, Range(above=0)]
NonNegativeFloat = Annotated[float, Range(at_least=0)]
FiniteFloat = Annotated[float, Range()]
Fraction = Annotated[float, Range(at_least=0, below=1)]
OpenFraction = Annotated[float, Range(above=0, below=1)]
Share = Annotated[float, Range(above=0, at_most=1)]
ClosedFraction = Annotated[float, Range(at_least=0, at_most=1)]
Betas = tuple[Fraction, Fraction]
AtLeastTwo = Annotated[int, Range(at_least=2)]
Level = Annotated[int, Range(at_least=0, at_most=255)]  # of a pixel's color
WhiteLevel = Annotated[int, Range(at_least=1, at_most=65_535)]
Workers = Annotated[int, Processes(at_least=0)]
FrameRate = Annotated[int, Range(at_least=1, at_most=100)]
Radius = Annotated[float, Range(above=0, at_most=1_000)]
Seed = Annotated[int, Range(at_least=0, at_most=2**32 - 1)]
Degrees = Annotated[float, Range(at_least=0, at_most=180)]
# What is above these is a slip of the finger that would fill the memory before anything else says so.
Pixels = Annotated[int, Range(at_least=1, at_most=16_384)]
Features = Annotated[int, Range(at_least=1, at_most=65_536)]
FeaturesByEight = Annotated[int, Range(at_least=8, at_most=65_536, multiple_of=8)]
Channels = Annotated[int, Range(at_least=1, at_most=1_024)]
Repeats = Annotated[int, Range(at_least=1, at_most=1_000)]
NonNegativeRepeats = Annotated[int, Range(at_least=0, at_most=1_000)]
Halvings = Annotated[int, Range(at_least=1, at_most=12)]
Resolution = Annotated[int, Range(at_least=4, at_most=16_384, power_of_two=True)]
ResolutionOrNone = Annotated[int, Range(at_least=0, at_most=16_384, power_of_two=True)]
Items = Annotated[int, Range(at_least=1, at_most=100_000_000)]


def require(owner: type, values: Mapping[str, Any], section: str) -> None:
    """Refuses options that are out of the ranges of their types.

    Args:
        owner: The class whose ``__init__`` has the types.
        values: Values by the names of its options; others are not looked at.
        section: What names begin with in messages, such as ``model``.

    Raises:
        ConfigurationError: Naming the first one, the range and what it is.
    """
    for name, kind in get_type_hints(owner.__init__, include_extras=True).items():  # type: ignore[misc]  # of a class
        if name in values:
            require_value(values[name], kind, f"{section}.{name}")


def require_value(value: Any, kind: Any, name: str) -> None:
    """Refuses a value, or one within a tuple or a mapping, that is out of the range of its type.

    Args:
        value: Of an option.
        kind: The option's type with its ranges.
        name: The option's, for the message.

    Raises:
        ConfigurationError: Naming the option, the range and what it is.
    """
    for number, bounds in _ranged(value, kind):
        bounds.require(number, name)


def require_processes(count: int, name: str, least: int = 64, a_core: int = 4) -> None:
    """Refuses more processes than the machine can sensibly run.

    Args:
        count: How many are asked for.
        name: The option's, for the message.
        least: So many are taken on any machine.
        a_core: So many are taken for each of its cores.

    Raises:
        ConfigurationError: If there are too many.
    """
    cores = os.cpu_count() or 1
    most = max(least, a_core * cores)
    fits = count <= most
    errors.require(fits, f"{name} is {count}, each a process: at most {most} are taken on the {cores} cores here")


def without_ranges(kind: Any) -> Any:
    """A type as it is to Python, without its range: ``int`` of ``PositiveInt``."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def plain_ranges(text: str) -> str:
    """What texts of types say of ranges, in the place of ``Annotated[float, ...]``: ``0 <= float < 1``."""
    named = r"(?:typing\.)?Annotated\[(?:<class ')?(\w+)(?:'>)?, ([^\[\]]*)\]"
    return re.sub(named, lambda match: match[2].replace("number", match[1]), text)


def _shown(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _ranged(value: Any, kind: Any) -> Iterator[tuple[Any, Range]]:
    """The numbers of a value that have a range, each with it."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from ((value, part) for part in parts[1:] if isinstance(part, Range) and value is not None)
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _ranged(value, part)
    elif isinstance(value, Mapping):
        for pair in value.items():
            for number, of_the_number in zip(pair, parts, strict=False):
                yield from _ranged(number, of_the_number)
    elif isinstance(value, list | tuple) and parts:
        kinds = parts if len(parts) == len(value) and Ellipsis not in parts else parts[:1] * len(value)
        for number, of_the_number in zip(value, kinds, strict=True):
            yield from _ranged(number, of_the_number)

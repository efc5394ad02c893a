"""``gan-lab check``: opens every file of a configured datamodule before a night of training depends on it."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from gan_lab.cli import help_page
from gan_lab.cli.help_page import HelpPage
from gan_lab.errors import ImageReadError
from gan_lab.stopping import thread_pool
from gan_lab.terminal import show

PAGE = HelpPage(
    "Opens every file of an experiment's data and lists what is broken (cannot be decoded), mismatched (sides of "
    "different sizes) or odd (enlarged a lot, one flat color, the same file in two splits). The status is 1 if "
    "anything cannot be used.",
    (
        ("your copy of a data set", "gan-lab check --config pix2pix_facades --data.root FACADES"),
        ("your own pairs", "gan-lab check --config pix2pix_folder --data.root PAIRS"),
        ("data of a run", "gan-lab check --config runs/pix2pix_facades/version_0/config.yaml"),
    ),
    (help_page.CONFIG, help_page.ROOT, help_page.DATA_HELP),
)


class _Checkable(Protocol):
    """What every dataset offers to be checked."""

    def files(self, index: int) -> list[Path]: ...

    def oddities(self, index: int) -> Iterator[str]: ...


def run(arguments: list[str]) -> int:
    """Checks the data of a configuration and prints what it finds.

    Args:
        arguments: ``--config FILE`` and ``--data.KEY VALUE`` as for ``fit``.

    Returns:
        0 if every file can be used, 1 if something is broken or mismatched. What is merely odd is listed, no more.
    """
    from gan_lab.datasets.dark_pictures import brightest, darkness_of_files, pictures

    broken = 0
    listed: set[object] = set()
    seen: dict[str, tuple[str, Path]] = {}
    chosen = data_of(arguments)
    for split, data in chosen.splits().items():
        with thread_pool() as pool:
            reports = list(pool.map(lambda index, data=data: _examine(data, index), range(len(data))))
            paths = [path for index in range(len(data)) for path in pictures(data, index)]
            dark = darkness_of_files(dict(zip(paths, pool.map(brightest, paths), strict=True)), chosen.white_level)
        problems = [problem for errors, _, _ in reports for problem in errors]
        oddities = [oddity for _, odd, _ in reports for oddity in odd]
        for _, _, digests in reports:
            oddities += _duplicates(split, digests, seen)
        found: list[tuple[str, str, object]] = [("broken", problem, problem) for problem in problems]
        found += [("odd", oddity, re.sub(r" to \d+$", "", oddity)) for oddity in oddities]  # splits differ in size
        found += [("odd", dark, (dark, *paths))] if dark else []
        broken += len(problems)
        show(f"{split}: {len(data)} samples, {len(problems)} broken or mismatched, {len(found) - len(problems)} odd")
        _list(found, listed)
    return 1 if broken else 0


def data_of(arguments: list[str]) -> Any:
    """The datamodule of a configuration.

    Args:
        arguments: As of :func:`run`.
    """
    from jsonargparse import ActionConfigFile, Namespace  # type: ignore[attr-defined]  # its __all__ is computed

    from gan_lab.cli.config_files import prepared
    from gan_lab.cli.hints import arguments_explained
    from gan_lab.cli.parser import GanLabParser, parser_settings
    from gan_lab.cli.renamed import PresentNames
    from gan_lab.cli.required_values import require_values
    from gan_lab.cli.silence import silence_advice
    from gan_lab.datamodules import GANDataModule

    silence_advice()
    names = PresentNames()
    parser = GanLabParser(prog="gan-lab check", **parser_settings("check", PAGE, names))
    parser.add_argument("-c", "--config", action=ActionConfigFile, help="an experiment, of which only the data counts")
    parser.add_subclass_arguments(GANDataModule, "data", required=True)
    for section in ("seed_everything", "model", "trainer", "predictions", "ckpt_path"):
        parser.add_argument(f"--{section}", type=Any, help="not looked at")
    given = parser.parse_args(prepared("check", arguments, names))
    require_values(Namespace(data=given.data))  # type: ignore[no-untyped-call]  # jsonargparse's
    with arguments_explained("dict_kwargs" in (given.data or ())):
        return parser.instantiate_classes(given).data


def _list(found: Sequence[tuple[str, str, object]], listed: set[object]) -> None:
    """Lists what was found in a split, and only counts what is listed already.

    Args:
        found: The kind, the line, and what tells it from others.
        listed: What tells those from others that are listed already, to which these are added.
    """
    again = 0
    for kind, line, identity in found:
        again += identity in listed
        if identity not in listed:
            show(f"  {kind}: {line}")
        listed.add(identity)
    if again:
        show(f"  {again} of these {'is' if again == 1 else 'are'} listed above")


def _examine(data: _Checkable, index: int) -> tuple[list[str], list[str], dict[Path, str]]:
    """What is wrong and what is odd about a sample, and its files' digests."""
    try:
        oddities = list(data.oddities(index))
        digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in data.files(index)}
    except (ImageReadError, OSError) as error:
        return [str(error)], [], {}
    return [], oddities, digests


def _duplicates(split: str, digests: dict[Path, str], seen: dict[str, tuple[str, Path]]) -> Iterator[str]:
    """Files that occurred before, in this split or in another, where they would spoil the measurement."""
    for path, digest in digests.items():
        other_split, other = seen.setdefault(digest, (split, path))
        if other != path:  # a split may stand in for another
            yield f"{path} is the same file as {other}" + (f" of {other_split}" if other_split != split else "")

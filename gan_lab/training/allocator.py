"""Keeps the C library from handing freed memory back to the system after every step."""

import ctypes
import sys
from collections.abc import Callable

from gan_lab.terminal import say_once

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -2, -3, -4  # malloc.h of glibc
_LARGEST = 2**31 - 1


def keep_freed_pages() -> bool:
    """Makes glibc reuse freed pages: a CPU step otherwise spends a tenth of its time on mapping them anew.

    The process's peak memory does not change, and neither does any result. A C library that cannot (musl, macOS'), or
    does not want to, is left as it is, which is said once. Older versions of glibc refuse a threshold above 32 MiB for
    blocks of their own mapping; they are told to map none.

    Returns:
        Whether freed pages are kept.
    """
    mallopt = _mallopt()
    kept = mallopt is not None and (
        bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST) or mallopt(_M_MMAP_MAX, 0))
        and bool(mallopt(_M_TRIM_THRESHOLD, _LARGEST))
        and bool(mallopt(_M_TOP_PAD, 512 * 2**20))
    )
    if not kept:
        say_once("this system's C library does not keep freed memory: steps on the CPU may take a tenth longer")
    return kept


def _mallopt() -> Callable[[int, int], int] | None:
    """Glibc's function, which returns 0 for what it refuses; None where there is none."""
    return getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None

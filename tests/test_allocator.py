"""Keeping freed memory: what a C library refuses is noticed."""

import sys

import pytest

from gan_lab.training import allocator
from gan_lab.training.allocator import keep_freed_pages

MMAP_THRESHOLD, MMAP_MAX, TOP_PAD = -3, -4, -2


@pytest.mark.parametrize(
    ("refuses", "kept"),
    [
        (lambda option, value: False, True),
        (lambda option, value: option == MMAP_THRESHOLD and value > 32 * 2**20, True),  # of older glibc
        (lambda option, value: option in (MMAP_THRESHOLD, MMAP_MAX), False),
        (lambda option, value: option == TOP_PAD, False),
        (None, False),  # musl, macOS
    ],
)
def test_a_refusal_is_mended_or_said_once(monkeypatch, capsys, refuses, kept):
    asked = {}

    def mallopt(option: int, value: int) -> int:
        if refuses(option, value):
            return 0
        asked[option] = value
        return 1

    monkeypatch.setattr(allocator, "_mallopt", lambda: None if refuses is None else mallopt)
    assert keep_freed_pages() is kept
    assert keep_freed_pages() is kept
    assert capsys.readouterr().out.count("does not keep freed memory") == (not kept)
    if kept:
        assert asked.get(MMAP_THRESHOLD) == 2**31 - 1 or asked[MMAP_MAX] == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_this_systems_library_is_asked(monkeypatch):
    assert callable(allocator._mallopt())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator._mallopt() is None

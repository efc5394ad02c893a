"""A sample of what fuzz_files.py tries; all of it is marked slow."""

import pytest

from tests.fuzz_files import fuzz_annotations, fuzz_pictures


def test_damaged_pictures_are_taken_or_refused_in_a_sentence(tmp_path):
    assert not fuzz_pictures(tmp_path, 40)


@pytest.mark.slow
def test_many_damaged_files_are_taken_or_refused_in_a_sentence(tmp_path):
    assert not fuzz_pictures(tmp_path, 200) + fuzz_annotations(tmp_path, 400)

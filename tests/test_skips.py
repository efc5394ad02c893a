"""In CI a test that is skipped for want of a package fails; without the real data it is skipped, and says so."""

import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

ABSENT = "import pytest\n\ndef test_it():\n    pytest.importorskip('no_such_package')\n"
ABSENT_AT_THE_TOP = "import pytest\npytest.importorskip('no_such_package')\n\ndef test_it():\n    pass\n"
CONDITIONAL = "import pytest\n\n@pytest.mark.skipif(True, reason='no_such_package')\ndef test_it():\n    pass\n"
EXPECTED_FAILURE = "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    raise ValueError\n"
PICTURES = "from tests.skips import needs_real_data\n\n@needs_real_data('faces')\ndef test_it():\n    pass\n"


def run_pytest(folder, text: str, **variables: str) -> subprocess.CompletedProcess:
    path = folder / "test_file.py"
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "tests.skips", f"--rootdir={folder}", str(path)]
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("text", [ABSENT, ABSENT_AT_THE_TOP, CONDITIONAL], ids=["test", "file", "condition"])
def test_a_skip_fails_in_ci_alone(tmp_path, text):
    assert "1 skipped" in run_pytest(tmp_path, text).stdout
    in_ci = run_pytest(tmp_path, text, CI="true")
    assert in_ci.returncode != 0
    assert "in CI no test is skipped: " in in_ci.stdout
    assert "no_such_package" in in_ci.stdout


def test_an_expected_failure_is_none_in_ci(tmp_path):
    assert "1 xfailed" in run_pytest(tmp_path, EXPECTED_FAILURE, CI="true").stdout


def test_pictures_that_may_not_be_shipped_are_looked_for_where_the_environment_says(tmp_path):
    absent = run_pytest(tmp_path, PICTURES, CI="true", GAN_LAB_REAL_DATA=str(tmp_path / "nowhere"))
    assert absent.returncode == 0
    assert f"no real data: {tmp_path / 'nowhere' / 'faces'} is not there; see GAN_LAB_REAL_DATA" in absent.stdout
    (tmp_path / "faces").mkdir()
    assert "1 passed" in run_pytest(tmp_path, PICTURES, CI="true", GAN_LAB_REAL_DATA=str(tmp_path)).stdout

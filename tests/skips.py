"""When a test may be skipped.

In CI (the environment variable ``CI``, as the services set it) everything is installed, so a skipped test is a failed
one. The exceptions say so: pictures that may not be shipped, and machines that cannot do what is tested.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent.parent
REAL_DATA = (PROJECT / os.environ.get("GAN_LAB_REAL_DATA", "../shared/data")).resolve()
NO_REAL_DATA = "no real data: "
NOT_THIS_MACHINE = "not on this machine: "


def needs_real_data(folder: str) -> pytest.MarkDecorator:
    """Marks tests of pictures that may not be shipped: a part of the folder that GAN_LAB_REAL_DATA names."""
    path = REAL_DATA / folder
    return pytest.mark.skipif(not path.exists(), reason=f"{NO_REAL_DATA}{path} is not there; see GAN_LAB_REAL_DATA")


def needs_machine(able: bool, why_not: str) -> pytest.MarkDecorator:
    """Marks tests of what some machines or users cannot do."""
    return pytest.mark.skipif(not able, reason=NOT_THIS_MACHINE + why_not)


def refuse_skip(report: Any) -> None:
    """Makes a failure of a skip that CI does not allow."""
    if os.environ.get("CI", "false").lower() in ("", "0", "false") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[-1].removeprefix("Skipped: ")
    if not reason.startswith((NO_REAL_DATA, NOT_THIS_MACHINE)):
        report.outcome = "failed"
        report.longrepr = f"in CI no test is skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    refuse_skip(report)  # of a whole file, by importorskip at its top
    return report

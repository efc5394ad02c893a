import os
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

from tests import fakes
from tests.conftest import PROJECT, SMOKE


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What a wheel of the project installs."""
    source = tmp_path_factory.mktemp("source")
    for folder in ("gan_lab", "configs"):
        shutil.copytree(PROJECT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(PROJECT / name, source)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    installed = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(source / "dist" / done.stdout.split()[-1]).extractall(installed)
    return installed


def test_a_wheel_has_every_file_of_the_package_and_every_experiment(wheel):
    packed = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}
    package = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "gan_lab").rglob("*.py")}
    experiments = {f"gan_lab/configs/{path.name}" for path in (PROJECT / "configs").glob("*.yaml")}
    assert package | experiments | {"gan_lab/py.typed"} == {name for name in packed if ".dist-info/" not in name}


def test_an_installed_wheel_trains_in_an_empty_folder_by_an_experiments_name(wheel, tmp_path):
    data, empty = tmp_path / "faces", tmp_path / "empty"
    empty.mkdir()
    fakes.WRITERS["CACDAgingDataModule"](data)
    options = [f"--trainer.{name}={value}" for name, value in SMOKE["trainer"].items() if name != "max_epochs"]
    for section, name in (("model", "CycleGANModule"), ("data", "CACDAgingDataModule")):
        options += [f"--{section}.{option}={value}" for option, value in SMOKE[name].items()]
    command = [sys.executable, "-m", "gan_lab", "fit", "--config", "cyclegan_aging", f"--data.root={data}", *options]
    environment = os.environ | {"PYTHONPATH": str(wheel)}
    where = [sys.executable, "-c", "import gan_lab; print(gan_lab.__file__)"]
    assert subprocess.check_output(where, cwd=empty, env=environment, text=True).startswith(str(wheel))
    done = subprocess.run(
        [*command, "--trainer.max_epochs=1", "--model.decay_epochs=0"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    saved = yaml.safe_load((empty / "runs" / "cyclegan_aging" / "version_0" / "config.yaml").read_text())
    assert saved["data"]["init_args"]["young"] == [18, 30]  # as the shipped file says
    assert (empty / "runs" / "cyclegan_aging" / "version_0" / "checkpoints" / "last.ckpt").is_file()

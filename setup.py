"""What pyproject.toml cannot say: the experiments lie in configs/ and are installed as data of ``gan_lab.configs``."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["gan_lab", "gan_lab.*"]), "gan_lab.configs"],
    package_dir={"gan_lab.configs": "configs"},
)

"""gan-lab: GAN papers that train, resume, predict and are measured the same way."""

__version__ = "0.1.0"

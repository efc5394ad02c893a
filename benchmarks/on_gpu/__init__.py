"""The parts of :mod:`benchmarks.gpu`. They need torch, torchvision, lightning, torchmetrics, NumPy and Pillow."""

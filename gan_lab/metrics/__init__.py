"""Metrics: torchmetrics classes over pure functions. They know nothing of Lightning."""

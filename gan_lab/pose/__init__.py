"""People: their joints, crops and heatmaps."""

"""The whole life of a run folder: settings, training, evaluation, figures, report, comparison."""

from kerasvae.runs.again import open_or_create
from kerasvae.runs.config import load_images, new_config, versions
from kerasvae.runs.run import Run, check_free

__all__ = ["Run", "check_free", "load_images", "new_config", "open_or_create", "versions"]

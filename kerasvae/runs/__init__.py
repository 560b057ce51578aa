"""The whole life of a run folder: settings, training, evaluation, figures, report, comparison."""

from kerasvae.runs.config import (
    SMALLEST_FOR_CONVOLUTIONS,
    TRAINING_DEFAULTS,
    load_images,
    new_config,
    suited_architecture,
    versions,
)
from kerasvae.runs.run import FILES, LOGS, Run, check_free

__all__ = [
    "FILES",
    "LOGS",
    "SMALLEST_FOR_CONVOLUTIONS",
    "TRAINING_DEFAULTS",
    "Run",
    "check_free",
    "load_images",
    "new_config",
    "suited_architecture",
    "versions",
]

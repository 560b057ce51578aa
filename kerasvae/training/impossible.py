"""Warn once when a logged estimate has a value that the true quantity cannot have."""

import logging
from collections.abc import Callable

import keras

LOGGER = logging.getLogger("kerasvae")


class SayImpossible(keras.callbacks.Callback):
    """Log a warning at the end of an epoch, once per training, if a term is out of its range.

    Args:
        ranges: ranges() -> {term: (smallest, largest)} that the exact quantity can have; called
            when an epoch ends.
        remedy: what to use instead, a sentence.
    """

    # What rounding and the mean over a few batches of an exact quantity may miss by, in nats.
    TOLERANCE = 0.05

    def __init__(self, ranges: Callable[[], dict[str, tuple[float, float]]], remedy: str):
        super().__init__()
        self.ranges = ranges
        self.remedy = remedy
        self._said = False

    def on_train_begin(self, logs=None):
        """Start anew."""
        self._said = False

    def on_epoch_end(self, epoch, logs=None):
        """Compare the epoch's means with the ranges."""
        if self._said or not logs:
            return
        wrong = [
            f"{name} {float(logs[name]):.2f}, which lies in {low:g}..{high:.2f}"
            for name, (low, high) in self.ranges().items()
            if not low - self.TOLERANCE <= float(logs[name]) <= high + self.TOLERANCE
        ]
        if wrong:
            self._said = True
            LOGGER.warning(
                "Epoch %d logs an impossible value: %s. %s",
                epoch + 1,
                "; ".join(wrong),
                self.remedy,
            )

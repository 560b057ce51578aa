"""Stop a training whose loss is no longer a number, with the weights still good."""

from collections.abc import Sequence

import keras
import numpy as np


class StopOnNonFinite(keras.callbacks.Callback):
    """Raise as soon as the loss or one of its terms is NaN or infinite, naming it.

    The training step of this package writes no update that is not finite, and then shows a loss
    of NaN. So the weights are those of the last good step. The value of a term stays NaN until
    the epoch ends (its metric is a running mean), so looking now and then is enough, and a GPU is
    not held up at every step. What other callbacks log is not checked.

    Args:
        terms: names of the model's terms, as in the logs.
        every: look at the logs every so many batches, and at the end of each epoch.

    Raises:
        FloatingPointError: names the terms and says what to try.
    """

    # Keras may run this callback beside the training step instead of waiting for the device.
    async_safe = True

    def __init__(self, terms: Sequence[str], every: int = 16):
        super().__init__()
        self.terms = tuple(terms)
        self.every = every
        self._next = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Look at the first batch."""
        self._next = 0

    def on_train_batch_end(self, batch, logs=None):
        """Check the running means every so many batches."""
        # With steps_per_execution only every so many batches come by here.
        if batch >= self._next:
            self._next = batch - batch % self.every + self.every
            self._check(logs or {}, f"batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        """Check the epoch's means."""
        self._check(logs or {}, f"the end of epoch {epoch + 1}")

    def _check(self, logs, when):
        names = [name for name in ("loss", *self.terms) if name in logs]
        names = [name for name in names if not np.isfinite(float(logs[name]))]
        if not names:
            return
        terms = [name for name in names if name != "loss"]
        if terms:
            cause = f"{' and '.join(terms)} became NaN or infinite"
        elif np.isnan(float(logs["loss"])):
            cause = "the loss, its gradient or the step became NaN or infinite, or too large"
        else:
            cause = "the loss became infinite"
        raise FloatingPointError(
            f"Training stopped at {when}: {cause}. The weights are those of the last finite step. "
            "Try a smaller learning rate or weight, clipnorm=1.0 in the optimizer, or bfloat16 "
            "instead of float16, and look at that batch's images."
        )

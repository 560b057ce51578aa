"""Stop a training whose loss is no longer a number, with the weights still good."""

import keras
import numpy as np


class StopOnNonFinite(keras.callbacks.Callback):
    """Raise as soon as a logged term is NaN or infinite, naming it.

    The training steps of this package do not apply an update whose loss is not finite, so the
    weights at that moment are those of the last good step. The value of a term stays NaN until
    the epoch ends (its metric is a running mean), so looking now and then is enough, and a GPU
    is not held up at every step.

    Args:
        every: look at the logs every so many batches, and at the end of each epoch.

    Raises:
        FloatingPointError: names the terms and says what to try.
    """

    # Keras may run this callback beside the training step instead of waiting for the device.
    async_safe = True

    def __init__(self, every=16):
        super().__init__()
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        """Check the running means every so many batches."""
        if batch % self.every == 0:
            self._check(logs, f"batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        """Check the epoch's means."""
        self._check(logs, f"the end of epoch {epoch + 1}")

    def _check(self, logs, when):
        names = [name for name, value in (logs or {}).items() if not np.isfinite(float(value))]
        names = [name for name in names if not name.startswith("val_")]
        if not names:
            return
        terms = [name for name in names if name != "loss"] or names
        raise FloatingPointError(
            f"Training stopped at {when}: {' and '.join(terms)} became NaN or infinite. The "
            "weights are those of the last finite step. Try a smaller learning rate, clipnorm=1.0 "
            "in the optimizer, or bfloat16 instead of float16, and look at that batch's images."
        )

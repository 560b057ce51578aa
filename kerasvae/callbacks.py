"""Callbacks that watch a training.

Chapter 4: tutorials/04_estimating_q_of_z.ipynb.
"""

import keras

from kerasvae.checks import check_positive_int
from kerasvae.surgery import decompose

LOGGED = ("mutual_information", "marginal_kl", "total_correlation", "dimension_wise_kl")


class SurgeryCallback(keras.callbacks.Callback):
    """Adds the exact terms of surgery to the logs of an epoch, as `exact_total_correlation` etc.

    Where the model's own terms are estimates from a batch (or a discriminator's guess), these are
    what they estimate: the terms of q(z) over all the images given here.

    Args:
        images: (N, H, W, C) float in [0, 1], or a data set of kerasvae.data; usually the
            training images.
        every: epochs between two surgeries; the epochs in between repeat the last values, so that
            every column of the history is full.
        samples: as for `kerasvae.surgery.decompose`.
        seed: as for `kerasvae.surgery.decompose`.

    Raises:
        ValueError: `every` is not a positive whole number.

    Example:
        >>> import numpy as np
        >>> from kerasvae import VAE
        >>> images = np.full((32, 8, 8, 1), 0.5, "float32")
        >>> model = VAE((8, 8, 1), 2, "mlp")
        >>> model.compile()
        >>> watch = SurgeryCallback(images, samples=100)
        >>> history = model.fit(images, verbose=0, callbacks=[watch])
        >>> "exact_total_correlation" in history.history
        True
    """

    def __init__(self, images, every=1, samples=2_000, seed=0):
        super().__init__()
        self.images = images
        self.every = check_positive_int("every", every)
        self.samples = samples
        self.seed = seed
        self._last = None

    def on_epoch_end(self, epoch, logs=None):
        """Put the exact terms into the epoch's logs."""
        if self._last is None or (epoch + 1) % self.every == 0:
            result = decompose(self.model, self.images, self.samples, self.seed)
            self._last = {f"exact_{name}": getattr(result, name) for name in LOGGED}
        if logs is not None:
            logs.update(self._last)

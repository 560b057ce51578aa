"""A memory of the posteriors of images that training has seen."""

import keras
import numpy as np
from keras import ops

# Two keys of one image differ by rounding, those of two images by about the square root of the
# squared distance between them.
TOLERANCE = 1e-3


class PosteriorBank(keras.layers.Layer):
    """A queue of the posteriors (loc, scale) of the last images, and of a key for each image.

    The key, a fixed random projection of the pixels, tells whether an entry is an image of the
    present batch: its old posterior must not stand in for another image.

    Args:
        size: M, how many posteriors it holds.
        latent_dim: D.
        **kwargs: of the Keras layer.
    """

    def __init__(self, size, latent_dim, **kwargs):
        super().__init__(**kwargs)
        self.size, self.latent_dim = size, latent_dim

        def variable(name, shape, initializer, dtype="float32"):
            return self.add_weight(
                shape=shape, initializer=initializer, dtype=dtype, trainable=False, name=name,
                aggregation="only_first_replica",
            )  # fmt: skip

        self.loc = variable("loc", (size, latent_dim), "zeros")
        self.scale = variable("scale", (size, latent_dim), "ones")
        self.keys = variable("keys", (size,), "zeros")
        self.filled = variable("filled", (), "zeros", "int32")
        self.next = variable("next", (), "zeros", "int32")
        self.built = True

    def entries(self, x, most):
        """What the bank holds beside a batch of images.

        Args:
            x: images (batch, H, W, C).
            most: at most so many entries, a whole number.

        Returns:
            loc and scale (n, D), and which entries count: (n,) booleans; n is the smaller of
            `most` and the bank's size.
        """
        held = min(self.size, most)
        loc, scale, keys = (v.value[:held] for v in (self.loc, self.scale, self.keys))
        known = ops.abs(keys[:, None] - _keys(x)[None, :]) <= TOLERANCE  # (n, batch)
        finite = ops.all(ops.isfinite(loc) & ops.isfinite(scale), axis=1)
        filled = ops.arange(held) < self.filled
        return loc, scale, filled & finite & ops.logical_not(ops.any(known, axis=1))

    def remember(self, x, loc, scale, most):
        """Put a batch's posteriors in the place of the oldest.

        Args:
            x: images (batch, H, W, C).
            loc, scale: (batch, D).
            most: as for `entries`.
        """
        held = min(self.size, most)
        new = [ops.stop_gradient(ops.cast(t[-held:], "float32")) for t in (loc, scale, _keys(x))]
        count = ops.shape(new[0])[0]
        places = ops.mod(self.next + ops.arange(count), held)[:, None]
        for variable, values in zip((self.loc, self.scale, self.keys), new, strict=True):
            variable.assign(ops.scatter_update(variable.value, places, values))
        self.next.assign(ops.mod(self.next + count, held))
        self.filled.assign(ops.minimum(self.filled + count, held))

    def clear(self):
        """Hold nothing."""
        self.filled.assign(0)
        self.next.assign(0)

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "size": self.size, "latent_dim": self.latent_dim}


def _keys(x):
    """(batch,) float32, one number for each image."""
    pixels = int(np.prod(x.shape[1:]))
    weights = np.random.default_rng(0).standard_normal(pixels).astype("float32")
    return ops.matmul(ops.reshape(ops.cast(x, "float32"), (-1, pixels)), weights)

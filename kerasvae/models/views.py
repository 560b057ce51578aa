"""What people look at in a trained model; NumPy in, NumPy out.

Chapter 2: tutorials/02_beta_vae.ipynb.
"""

import keras
import numpy as np
from keras import ops, tree

from kerasvae.backend import tfp_seed
from kerasvae.backend.many import for_many
from kerasvae.checks import check_positive_int
from kerasvae.data import as_dataset


class Views:
    """Codes of images, and images of codes, in batches of bounded size.

    The class has `encode`, `decode`, `pixel_distribution`, `prior`, `latent_dim`, `image_shape`.
    Networks are called directly: `predict` would compile anew for every model, which costs more
    than it saves on the few hundred images that people look at. Whole data sets are encoded by a
    compiled function.
    """

    def embed(self, images, batch_size=256):
        """Posterior means of images.

        Args:
            images: (n, H, W, C) float in [0, 1], or any form that `kerasvae.data.as_dataset` takes.
            batch_size: images encoded at a time.

        Returns:
            (n, D) float32.

        Raises:
            ValueError: images that do not fit.
        """
        return self.posteriors(images, batch_size)["loc"]

    def posteriors(self, images, batch_size=256):
        """q(z|x) of images.

        Args:
            images: (n, H, W, C) float in [0, 1], or any form that `kerasvae.data.as_dataset` takes.
            batch_size: images encoded at a time.

        Returns:
            {"loc": (n, D), "scale": (n, D)} float32, and whatever else the model's `encode`
            returns.

        Raises:
            ValueError: images that do not fit.
        """
        images = as_dataset(images, self.image_shape, "images")
        encode = for_many(self.encode, images.length or 0)
        batches = images.batches(batch_size)
        parts = [tree.map_structure(ops.convert_to_numpy, encode(batch)) for batch in batches]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def reconstruct(self, images, batch_size=256):
        """The mean image p(x|z) at the posterior mean of each image, (n, H, W, C) float32."""
        return self._mean_images(self.embed(images, batch_size), batch_size)

    def sample(self, n, seed=0, batch_size=256):
        """Mean images of n codes drawn from the prior, (n, H, W, C) float32.

        Args:
            n: how many.
            seed: whole number; the same seed gives the same images.
            batch_size: codes decoded at a time.
        """
        check_positive_int("n", n)
        seed = tfp_seed(keras.random.SeedGenerator(seed))
        return self._mean_images(ops.convert_to_numpy(self.prior.sample(n, seed=seed)), batch_size)

    def traverse(self, code, values, dimensions=None, batch_size=256):
        """Images along each latent dimension, with the others held fixed.

        Args:
            code: (D,) the point from which to move, for example `embed(images)[0]`.
            values: (S,) the values the moving dimension takes.
            dimensions: which dimensions move; all of them by default.
            batch_size: codes decoded at a time.

        Returns:
            (number of dimensions, S, H, W, C) float32.
        """
        dimensions = range(self.latent_dim) if dimensions is None else dimensions
        codes = np.tile(np.asarray(code, "float32"), (len(dimensions), len(values), 1))
        for row, dimension in zip(codes, dimensions, strict=True):
            row[:, dimension] = values
        images = self._mean_images(codes.reshape(-1, self.latent_dim), batch_size)
        return images.reshape(len(dimensions), len(values), *self.image_shape)

    def _mean_images(self, codes, batch_size):
        means = [
            self.pixel_distribution(self.decode(codes[start : start + batch_size])).mean()
            for start in range(0, len(codes), batch_size)
        ]
        return np.concatenate([ops.convert_to_numpy(mean) for mean in means])

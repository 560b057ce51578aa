"""Ada-GVAE: pairs of images that share most factors, without labels that say which.

Chapter 13: tutorials/13_what_a_pair_gives_away.ipynb.
"""

import keras
import numpy as np
from keras import ops

from kerasvae.data.pair_sources import as_pairs
from kerasvae.models.pair_vae import PairVAE
from kerasvae.models.shared_posteriors import shared_dimensions


@keras.saving.register_keras_serializable("kerasvae")
class AdaGVAE(PairVAE):
    """The Ada-GVAE: it finds out by itself in which few factors the images of a pair differ.

    Formula:
        1/2 sum over both images of (reconstruction + beta kl)

        with one posterior for both images in each dimension that they share: dimension j is shared
        if delta_j = KL(q(z_j|x_1) || q(z_j|x_2)) < (max delta + min delta) / 2. That posterior has
        mean (mu_1 + mu_2) / 2 and variance (sigma_1^2 + sigma_2^2) / 2 (average="gvae"), or is the
        product of the two, as wide as one of them (average="ml-vae", the Ada-ML-VAE). Which
        dimensions are shared is a decision without a gradient; the average has one.

    It is trained on pairs, `fit(kerasvae.data.Pairs(dataset, changed=1))` or an array of your own
    (n, 2, H, W, C). Everything else takes single images, and their terms are those of a VAE.

    Args:
        average: "gvae", the mean of means and of variances, or "ml-vae", the product of the two
            posteriors.
        beta: weight of the KL term, at least 0.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: an unknown average or a negative beta; single images in `fit`.

    References:
        Locatello et al. 2020, "Weakly-supervised disentanglement without compromises".

    Example:
        >>> from kerasvae.data import Pairs, load
        >>> sprites = load("dsprites-mini")
        >>> model = AdaGVAE(sprites.image_shape, 6, "mlp", average="ml-vae")
        >>> model.compile()
        >>> history = model.fit(Pairs(sprites, changed=1), steps_per_epoch=2, verbose=0)
        >>> model.embed(sprites.images(range(5))).shape
        (5, 6)
    """

    def shared(self, first, second, changed=None):
        """Which dimensions the images of a pair share, by the pair's own threshold."""
        return shared_dimensions(first, second)

    def shared_dimensions(self, pairs, batch_size=256):
        """Which dimensions the model takes to be shared in each pair.

        Args:
            pairs: (n, 2, H, W, C) float in [0, 1].
            batch_size: pairs encoded at a time.

        Returns:
            (n, D) bool, numpy.

        Raises:
            ValueError: arrays that are not pairs of images of the model's shape.
        """
        pairs = as_pairs(pairs, self.image_shape, "pairs").in_order(batch_size)
        parts = []
        for batch in pairs:
            first, second = self.encode(batch[:, 0]), self.encode(batch[:, 1])
            parts.append(ops.convert_to_numpy(self.shared(first, second)))
        return np.concatenate(parts)

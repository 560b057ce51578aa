"""The variational autoencoder.

Chapter 1: tutorials/01_elbo.ipynb.
"""

import keras

from kerasvae.models.autoencoder import VariationalAutoencoder


@keras.saving.register_keras_serializable("kerasvae")
class VAE(VariationalAutoencoder):
    """The variational autoencoder: it minimises the negative ELBO.

    Formula:
        -ELBO(x) = reconstruction + kl

    Args:
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    References:
        Kingma & Welling 2014, "Auto-encoding variational Bayes", equations 3 and 7.

    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((8, 8, 8, 1)).astype("float32")
        >>> model = VAE(image_shape=(8, 8, 1), latent_dim=2, architecture="mlp")
        >>> model.compile()
        >>> history = model.fit(images, verbose=0)
        >>> sorted(history.history)
        ['kl', 'loss', 'reconstruction']
        >>> model.embed(images).shape
        (8, 2)
    """

    def objective(self, terms):
        """reconstruction + kl, (batch,) float32 in nats."""
        return terms["reconstruction"] + terms["kl"]

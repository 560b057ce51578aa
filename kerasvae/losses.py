"""Losses for Keras models of your own, on the scale on which a KL term is counted."""

import keras
from keras import ops

from kerasvae.checks import check_choice
from kerasvae.distributions import LIKELIHOODS, likelihood


@keras.saving.register_keras_serializable("kerasvae")
class NegativeLogLikelihood(keras.losses.Loss):
    """-log p(x|z), summed over the pixels of an image and averaged over images.

    Formula:
        -sum over pixels of log p(x_i | logits_i), as `kerasvae.distributions.likelihood` says.

        Keras's "binary_crossentropy" and "mse" average over pixels, while the KL of a latent layer
        is a sum over dimensions. On 64x64 images that multiplies the KL by 4,096: beta = 1 there
        is beta = 4,096 in the papers, and every latent dimension collapses (kl 0.0).

    Args:
        likelihood: "bernoulli", "continuous_bernoulli" or "gaussian" (of standard deviation 1,
            with mean sigmoid(logits)).
        name: name of the loss in the logs.
        **kwargs: as for any Keras loss.

    Returns:
        Called with images (batch, H, W, C) in [0, 1] and logits of that shape: a scalar, nats.

    Raises:
        ValueError: an unknown likelihood.

    Example:
        >>> loss = NegativeLogLikelihood()
        >>> grey = ops.full((2, 8, 8, 1), 0.5)
        >>> round(float(loss(grey, ops.zeros((2, 8, 8, 1)))), 2)  # 64 log 2
        44.36
    """

    def __init__(self, likelihood="bernoulli", name="negative_log_likelihood", **kwargs):
        super().__init__(name=name, **kwargs)
        self.likelihood = check_choice("likelihood", likelihood, LIKELIHOODS)

    def call(self, y_true, y_pred):
        """-log p(x|z) of each image, (batch,) float32."""
        return -likelihood(self.likelihood, y_pred).log_prob(ops.cast(y_true, "float32"))

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "likelihood": self.likelihood}

"""What all variational autoencoders share: data flows one way, from images to named terms.

Chapter 1: tutorials/01_elbo.ipynb.
"""

import keras
from keras import ops

from kerasvae import distributions
from kerasvae.divergences import kl_analytic
from kerasvae.models.latent_variable_model import LatentVariableModel
from kerasvae.training.players import Player


class VariationalAutoencoder(LatentVariableModel):
    """The base of every objective here: override `objective`, and `terms` where a paper adds some.

    Formula:
        x -> encode -> q(z|x) -> z -> decode -> p(x|z) -> terms(x, outputs) -> objective(terms)

    Args:
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    References:
        Kingma & Welling 2014; Rezende et al. 2014.
    """

    term_names = ("reconstruction", "kl")

    def terms(self, x, outputs):
        """The named terms of the objective, each (batch,) float32 in nats.

        Formula:
            reconstruction = -log p(x|z), z from q(z|x), summed over pixels;
            kl = KL(q(z|x) || p(z)), summed over latent dimensions.

        Args:
            x: images (batch, H, W, C).
            outputs: what `call` returned for them.

        Returns:
            A dict with the keys `term_names`.
        """
        return {
            "reconstruction": self.reconstruction(x, outputs),
            "kl": kl_analytic(distributions.posterior(outputs), self.prior),
        }

    def reconstruction(self, x, outputs):
        """-log p(x|z) of each image, summed over pixels: (batch,) float32 in nats."""
        return -self.pixel_distribution(outputs["logits"]).log_prob(ops.cast(x, "float32"))

    def objective(self, terms):
        """What is minimised, as a sum of weighted terms: (batch,) float32 in nats."""
        raise NotImplementedError("A model defines its objective(terms).")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean objective over a batch; the only place that averages over images.

        Args:
            x: images (batch, H, W, C).
            y, sample_weight: must be None.
            y_pred: what `call` returned for the images, if that is at hand.
            training: whether layers such as dropout are at work.

        Returns:
            Scalar float32, nats.
        """
        self._refuse_targets(y, sample_weight)
        outputs = self(x, training=training) if y_pred is None else y_pred
        terms = self.terms(x, outputs)
        self.track(terms)
        return ops.mean(self.objective(terms))

    def players(self):
        """The autoencoder alone."""
        return {
            "vae": Player(
                self.trainable_variables,
                self.compute_loss,
                keras.optimizers.Adam,
                lambda: self.losses,
            )
        }

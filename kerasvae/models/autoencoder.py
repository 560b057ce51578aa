"""What all variational autoencoders share: data flows one way, from images to named terms.

Chapter 1: tutorials/01_elbo.ipynb.
"""

from keras import ops

from kerasvae import distributions
from kerasvae.backend.step import TrainStep
from kerasvae.divergences import kl_analytic
from kerasvae.models.latent_variable_model import LatentVariableModel


class VariationalAutoencoder(TrainStep, LatentVariableModel):
    """The base of every objective here: override `objective`, and `terms` where a paper adds some.

    Formula:
        x -> encode -> q(z|x) -> z -> decode -> p(x|z) -> terms(x, outputs) -> objective(terms)

    Args:
        *args, **kwargs: see `LatentVariableModel`.

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

    def batch_loss(self, x, outputs):
        """The mean objective over a batch, scalar; the only place that averages over images.

        Args:
            x: images (batch, H, W, C).
            outputs: what `call` returned for them.

        Returns:
            Scalar float32, nats, with what layers of custom networks add.
        """
        terms = self.terms(x, outputs)
        self.track(terms)
        return sum(self.losses, start=ops.mean(self.objective(terms)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """What Keras minimises: `batch_loss`; a training step is counted."""
        self._refuse_targets(y, sample_weight)
        loss = self.batch_loss(x, y_pred)
        if training:
            self.step.assign_add(1)
        return loss

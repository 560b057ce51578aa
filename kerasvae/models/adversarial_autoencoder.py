"""Adversarial autoencoder: a discriminator of codes pulls q(z) to any prior, without a KL.

Chapter 8: tutorials/08_adversarial_autoencoder.ipynb.
"""

import keras
from keras import ops

from kerasvae import networks, priors
from kerasvae.checks import check_choice, check_non_negative
from kerasvae.estimators import log_density_ratio
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.prior_discriminator import PriorDiscriminator


@keras.saving.register_keras_serializable("kerasvae")
class AdversarialAutoencoder(PriorDiscriminator, VariationalAutoencoder):
    """The adversarial autoencoder: the marginal q(z), not each posterior, is matched to the prior.

    Formula:
        reconstruction + gamma adversarial

        adversarial = -log D_1(z): the encoder wants its codes (class 0) taken for draws of the
        prior (class 1). It is softplus(d_0(z) - d_1(z)), whose gradient vanishes where the
        discriminator is fooled and not where it is sure. marginal_kl = d_0(z) - d_1(z), the
        discriminator's estimate of KL(q(z) || p(z)), is shown and not minimised. No term limits
        the mutual information.

    The paper alternates two updates of the encoder, one for each term; here one update minimises
    their sum, as in WAE-GAN.

    Args:
        gamma: weight of the adversarial term, at least 0; 0 leaves an autoencoder. The default is
            WAE-GAN's 10; on images of few nats (8x8 digits) it can leave codes of pure noise: use 3
            there.
        prior: "gaussian", "gaussian_mixture", "swiss_roll", or a function from the latent
            dimension to a tfd distribution of codes, registered with
            keras.saving.register_keras_serializable if the model is to be saved.
        discriminator: a keras.Model of your own, from codes (batch, D) to two logits; by default
            the paper's two layers of 1,000 units.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight, an unknown prior, or one of another shape.

    References:
        Makhzani et al. 2015, "Adversarial autoencoders", section 2; Tolstikhin et al. 2018,
        algorithm 1 (WAE-GAN).

    Example:
        >>> model = AdversarialAutoencoder((8, 8, 1), 2, "mlp", prior="swiss_roll")
        >>> model.term_names[:3]
        ('reconstruction', 'adversarial', 'marginal_kl')
    """

    term_names = (
        "reconstruction",
        "adversarial",
        "marginal_kl",
        "discriminator_loss",
        "discriminator_accuracy",
    )

    def __init__(
        self,
        image_shape=(64, 64, 1),
        latent_dim=10,
        architecture=None,
        likelihood="bernoulli",
        likelihood_scale=1.0,
        encoder=None,
        decoder=None,
        seed=None,
        *,
        gamma=10.0,
        prior="gaussian",
        discriminator=None,
        **kwargs,
    ):
        self.gamma = check_non_negative("gamma", gamma)
        if not callable(prior):
            check_choice("prior", prior, priors.BY_NAME)
        self.prior_name = prior
        super().__init__(
            image_shape,
            latent_dim,
            architecture,
            likelihood,
            likelihood_scale,
            encoder,
            decoder,
            seed,
            **kwargs,
        )
        self._check_prior()
        self.discriminator = self._network(
            "discriminator", discriminator, (self.latent_dim,), (2,)
        ) or networks.build_discriminator(self.latent_dim, [1000] * 2, "relu", self.dtype_policy)

    @property
    def prior(self):
        """p(z), a tfd distribution over codes of shape (D,)."""
        make = self.prior_name if callable(self.prior_name) else priors.BY_NAME[self.prior_name]
        return make(self.latent_dim)

    @property
    def has_standard_normal_prior(self):
        """Whether the prior is N(0, I)."""
        return self.prior_name == "gaussian"

    def _check_prior(self):
        shape = tuple(self.prior.event_shape)
        if shape != (self.latent_dim,):
            raise ValueError(
                f"prior must return a distribution of event shape ({self.latent_dim},), the latent "
                f"dimension. Received: event shape {shape}"
            )

    def players(self):
        """The autoencoder, and the discriminator of codes."""
        return self.players_against_prior("autoencoder")

    def terms(self, x, outputs):
        """reconstruction, adversarial and marginal_kl, each (batch,) float32 in nats."""
        ratio = log_density_ratio(self.discriminator(outputs["z"]))
        return {
            "reconstruction": self.reconstruction(x, outputs),
            "adversarial": ops.softplus(ratio),
            "marginal_kl": ratio,
        }

    def objective(self, terms):
        """reconstruction + gamma adversarial, (batch,) float32 in nats."""
        return terms["reconstruction"] + self.gamma * terms["adversarial"]

    def get_config(self):
        """Every argument of the constructor."""
        prior = self.prior_name
        if callable(prior):
            prior = keras.saving.serialize_keras_object(prior)
        return {**super().get_config(), "gamma": self.gamma, "prior": prior}

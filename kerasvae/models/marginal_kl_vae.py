"""Marginal-KL VAE: a VAE that pays extra for the distance of q(z) from the prior.

Chapter 5: tutorials/05_marginal_kl.ipynb.
"""

import math

import keras

from kerasvae import networks
from kerasvae.checks import check_non_negative
from kerasvae.estimators import log_density_ratio
from kerasvae.models.aggregate_densities import AggregateDensities
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.prior_discriminator import PriorDiscriminator

DENSITY_RATIO = "density-ratio"


@keras.saving.register_keras_serializable("kerasvae")
class MarginalKLVAE(AggregateDensities, PriorDiscriminator, VariationalAutoencoder):
    """The VAE with the marginal KL: the aggregated posterior q(z) is pulled to the prior.

    Formula:
        reconstruction + kl + lambda_marginal marginal_kl

        marginal_kl = KL(q(z) || p(z)) with q(z) = 1/N sum_n q(z|x_n). The KL holds it once
        already, so its total weight is lambda_marginal + 1. It is estimated at the batch's codes,
        either from densities, log q(z) - log p(z), or as d_0(z) - d_1(z), the logits of a
        discriminator of codes (class 0) against draws of the prior (class 1).
        With densities it is the beta-TCVAE with alpha = 1 and beta = gamma = lambda_marginal + 1;
        only the KL is exact here, and there an estimate from one sample. DIP-VAE, InfoVAE and the
        adversarial autoencoder put moments, a kernel and an adversary in the place of this term.

    Args:
        lambda_marginal: extra weight of the marginal KL, at least 0; 0 is the VAE.
        estimator: "mss" or "mws", from the batch alone; "bank", whose value can be read, from the
            batch and the posteriors of earlier ones; "exact", which encodes all images at every
            step and is for small data sets; or "density-ratio", which trains a discriminator as a
            second player.
        dataset_size: number of training images, for the densities; None to take it from the data
            given to `fit`.
        bank_size: for "bank", how many posteriors it holds (default 10,000; no more than there
            are images). A step takes time and memory in proportion.
        discriminator: for "density-ratio", a keras.Model of your own, from codes (batch, D) to two
            logits; by default two layers of 1,000 units, as in the adversarial autoencoder.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight or unknown estimator; a discriminator that no estimator uses;
            training data of unknown length without dataset_size.

    References:
        Hoffman & Johnson 2016, "ELBO surgery" (the term); Kumar et al. 2018, "Variational inference
        of disentangled latent concepts" (lambda D(q(z), p(z)) added to the negative ELBO; in their
        equations 6 and 7, DIP-VAE, moments stand for D);
        Chen et al. 2018, appendix C (densities); Sugiyama et al. 2012 (the ratio).

    Example:
        >>> import numpy as np
        >>> model = MarginalKLVAE((8, 8, 1), 2, "mlp", lambda_marginal=5.0)
        >>> model.compile()
        >>> history = model.fit(np.full((32, 8, 8, 1), 0.5, "float32"), verbose=0)
        >>> sorted(history.history)
        ['kl', 'loss', 'marginal_kl', 'reconstruction']
    """

    estimators = (*AggregateDensities.estimators, DENSITY_RATIO)

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
        lambda_marginal=10.0,
        estimator="mss",
        dataset_size=None,
        bank_size=None,
        discriminator=None,
        **kwargs,
    ):
        self.lambda_marginal = check_non_negative("lambda_marginal", lambda_marginal)
        if discriminator is not None and estimator != DENSITY_RATIO:
            raise ValueError(
                "discriminator is for estimator='density-ratio'; the other estimators use "
                f"none. Received: estimator={estimator!r} and a discriminator"
            )
        super().__init__(
            image_shape,
            latent_dim,
            architecture,
            likelihood,
            likelihood_scale,
            encoder,
            decoder,
            seed,
            estimator=estimator,
            dataset_size=dataset_size,
            bank_size=bank_size,
            **kwargs,
        )
        if not self.has_densities:
            self.discriminator = self._network(
                "discriminator", discriminator, (self.latent_dim,), (2,)
            ) or networks.build_discriminator(
                self.latent_dim, [1000] * 2, "relu", self.dtype_policy
            )

    @property
    def term_names(self):
        """Names of the terms, in the order of the formula; then what the discriminator shows."""
        names = ("reconstruction", "kl", "marginal_kl")
        shown = () if self.has_densities else ("discriminator_loss", "discriminator_accuracy")
        return (*names, *shown)

    def players(self):
        """The VAE alone, or with the discriminator of codes."""
        return super().players() if self.has_densities else self.players_against_prior("vae")

    def terms(self, x, outputs):
        """As for the VAE, and the estimate of the marginal KL at the batch's codes."""
        if self.has_densities:
            marginal_kl = self.aggregate(x, outputs).log_qz - self.prior.log_prob(outputs["z"])
        else:
            marginal_kl = log_density_ratio(self.discriminator(outputs["z"]))
        return {**super().terms(x, outputs), "marginal_kl": marginal_kl}

    def ranges(self):
        """What the exact marginal KL lies in, in nats."""
        return {"marginal_kl": (0.0, math.inf)}

    def objective(self, terms):
        """reconstruction + kl + lambda_marginal marginal_kl, (batch,) float32 in nats."""
        extra = self.lambda_marginal * terms["marginal_kl"]
        return terms["reconstruction"] + terms["kl"] + extra

    def get_config(self):
        """Every argument of the constructor."""
        config = {**super().get_config(), "lambda_marginal": self.lambda_marginal}
        return {"discriminator": None, **config}

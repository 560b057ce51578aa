"""beta-TCVAE: a weight for each of the three parts of the KL.

Chapter 6: tutorials/06_total_correlation.ipynb.
"""

import math

import keras

from kerasvae.checks import check_non_negative
from kerasvae.distributions import posterior
from kerasvae.estimators import decomposition_terms
from kerasvae.models.aggregate_densities import AggregateDensities
from kerasvae.models.autoencoder import VariationalAutoencoder


@keras.saving.register_keras_serializable("kerasvae")
class BetaTCVAE(AggregateDensities, VariationalAutoencoder):
    """The beta-TCVAE: the KL split into what the code says, its redundancy, and its shape.

    Formula:
        reconstruction + alpha mutual_information + beta total_correlation
                       + gamma dimension_wise_kl

        The three terms are estimates at the batch's codes, see `kerasvae.estimators`; with all
        weights 1 they sum to a one-sample estimate of the KL, whatever the estimator. The exact
        values for a trained model come from `kerasvae.surgery.decompose`.

    Args:
        alpha: weight of the index-code mutual information, at least 0.
        beta: weight of the total correlation, at least 0.
        gamma: weight of the dimension-wise KL, at least 0.
        estimator: "mss" or "mws", from the batch alone; "bank", whose value can be read, from the
            batch and the posteriors of earlier ones; or "exact", which encodes all images at every
            step and is for small data sets.
        dataset_size: number of training images; None to take it from the data given to `fit`.
        bank_size: for "bank", how many posteriors it holds (default 10,000; no more than there
            are images). A step takes time and memory in proportion.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight or unknown estimator; training data of unknown length
            without dataset_size.

    References:
        Chen et al. 2018, "Isolating sources of disentanglement in variational autoencoders",
        equations 2 and 4; estimators in appendix C.

    Example:
        >>> import numpy as np
        >>> model = BetaTCVAE((8, 8, 1), 2, "mlp", beta=6.0)
        >>> model.compile()
        >>> history = model.fit(np.full((32, 8, 8, 1), 0.5, "float32"), verbose=0)
        >>> model.dataset_size
        32
    """

    term_names = (
        "reconstruction",
        "kl",
        "mutual_information",
        "total_correlation",
        "dimension_wise_kl",
    )
    default_learning_rate = 1e-3

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
        alpha=1.0,
        beta=6.0,
        gamma=1.0,
        estimator="mss",
        dataset_size=None,
        bank_size=None,
        **kwargs,
    ):
        self.alpha = check_non_negative("alpha", alpha)
        self.beta = check_non_negative("beta", beta)
        self.gamma = check_non_negative("gamma", gamma)
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

    def terms(self, x, outputs):
        """As for the VAE, and the three parts of the KL at the batch's codes."""
        q = posterior(outputs)
        parts = decomposition_terms(
            q.log_prob(outputs["z"]),
            self.aggregate(x, outputs),
            self.prior.log_prob(outputs["z"]),
        )
        return {**super().terms(x, outputs), **parts}

    def ranges(self):
        """What the exact quantities lie in, in nats."""
        return {
            "mutual_information": (0.0, math.log(self.dataset_size)),
            "total_correlation": (0.0, math.inf),
            "dimension_wise_kl": (0.0, math.inf),
        }

    def objective(self, terms):
        """reconstruction + the three weighted parts of the KL, (batch,) float32 in nats."""
        return (
            terms["reconstruction"]
            + self.alpha * terms["mutual_information"]
            + self.beta * terms["total_correlation"]
            + self.gamma * terms["dimension_wise_kl"]
        )

    def get_config(self):
        """Every argument of the constructor."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "gamma": self.gamma,
        }

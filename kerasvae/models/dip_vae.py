"""DIP-VAE: the aggregated posterior's covariance is pulled to the identity.

Chapter 5: tutorials/05_marginal_kl.ipynb.
"""

import keras
from keras import ops

from kerasvae.checks import check_choice, check_non_negative
from kerasvae.estimators import aggregate_covariance, mean_covariance, moment_penalty
from kerasvae.models.autoencoder import VariationalAutoencoder

KINDS = ("I", "II")


@keras.saving.register_keras_serializable("kerasvae")
class DIPVAE(VariationalAutoencoder):
    """The disentangled inferred prior VAE: moments of q(z) stand in for KL(q(z) || p(z)).

    Formula:
        reconstruction + kl + lambda_od covariance_off_diagonal + lambda_d covariance_diagonal

        covariance_off_diagonal = sum_{i != j} C_ij^2, covariance_diagonal = sum_i (C_ii - 1)^2,
        with C = Cov(loc) for kind "I" and C = Cov(loc) + E[diag(scale^2)] for kind "II", over the
        batch. The KL holds KL(q(z) || p(z)) once already, so its total weight is lambda + 1.

    Args:
        kind: "I" or "II".
        lambda_od: weight of the off-diagonal entries, at least 0.
        lambda_d: weight of the diagonal entries, at least 0; None for 10 lambda_od (kind "I") or
            lambda_od (kind "II"), the values of the large studies.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: an unknown kind, or a negative weight.

    References:
        Kumar et al. 2018, "Variational inference of disentangled latent concepts from unlabeled
        observations", equations 6 and 7.

    Example:
        >>> DIPVAE((8, 8, 1), 2, "mlp", kind="I", lambda_od=5.0).lambda_d
        50.0
    """

    term_names = ("reconstruction", "kl", "covariance_off_diagonal", "covariance_diagonal")

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
        kind="II",
        lambda_od=10.0,
        lambda_d=None,
        **kwargs,
    ):
        self.kind = check_choice("kind", kind, KINDS)
        self.lambda_od = check_non_negative("lambda_od", lambda_od)
        if lambda_d is None:
            lambda_d = 10 * lambda_od if kind == "I" else lambda_od
        self.lambda_d = check_non_negative("lambda_d", lambda_d)
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

    def terms(self, x, outputs):
        """As for the VAE, and the two penalties of the batch, the same for each image."""
        terms = super().terms(x, outputs)
        if self.kind == "I":
            covariance = mean_covariance(outputs["loc"])  # (D, D)
        else:
            covariance = aggregate_covariance(outputs["loc"], outputs["scale"])
        each = ops.ones_like(terms["kl"])  # (batch,)
        return {
            **terms,
            "covariance_off_diagonal": each * moment_penalty(covariance, lambda_od=1, lambda_d=0),
            "covariance_diagonal": each * moment_penalty(covariance, lambda_od=0, lambda_d=1),
        }

    def objective(self, terms):
        """reconstruction + kl + the weighted penalties, (batch,) float32."""
        return (
            terms["reconstruction"]
            + terms["kl"]
            + self.lambda_od * terms["covariance_off_diagonal"]
            + self.lambda_d * terms["covariance_diagonal"]
        )

    def get_config(self):
        """Every argument of the constructor."""
        return {
            **super().get_config(),
            "kind": self.kind,
            "lambda_od": self.lambda_od,
            "lambda_d": self.lambda_d,
        }

"""InfoVAE: the marginal is matched to the prior by maximum mean discrepancy.

Chapter 5: tutorials/05_marginal_kl.ipynb.
"""

import keras
from keras import ops

from kerasvae.backend import tfp_seed
from kerasvae.checks import check_choice, check_non_negative
from kerasvae.estimators import mmd
from kerasvae.estimators.mmd import KERNELS
from kerasvae.models.autoencoder import VariationalAutoencoder


@keras.saving.register_keras_serializable("kerasvae")
class InfoVAE(VariationalAutoencoder):
    """The InfoVAE: information costs less, and the distance of q(z) from p(z) costs more.

    Formula:
        reconstruction + (1 - alpha) kl + (alpha + lambda_mmd - 1) mmd

        mmd compares the batch's codes with as many draws of the prior. Special cases: alpha = 0,
        lambda_mmd = 1 is the VAE; alpha = 1 drops the KL and is the MMD-VAE, and with
        kernel="imq" the WAE-MMD of Tolstikhin et al. with weight lambda_mmd.

    Args:
        alpha: how strongly mutual information is preferred, at most 1.
        lambda_mmd: the paper's lambda, the weight of KL(q(z) || p(z)), for which the MMD stands in.
        kernel: "rbf" or "imq".
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: weights that would reward a distance, or an unknown kernel.

    References:
        Zhao et al. 2019, "InfoVAE: Balancing learning and inference in variational autoencoders",
        equation 6; Tolstikhin et al. 2018, algorithm 2 (WAE-MMD).

    Example:
        >>> wae = InfoVAE((8, 8, 1), 2, "mlp", alpha=1.0, lambda_mmd=10.0, kernel="imq")
        >>> wae.term_names
        ('reconstruction', 'kl', 'mmd')
    """

    term_names = ("reconstruction", "kl", "mmd")

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
        alpha=0.0,
        lambda_mmd=1000.0,
        kernel="rbf",
        **kwargs,
    ):
        self.alpha = float(alpha)
        check_non_negative("1 - alpha", 1 - self.alpha)
        self.lambda_mmd = check_non_negative("lambda_mmd", lambda_mmd)
        check_non_negative("alpha + lambda_mmd - 1", self.alpha + self.lambda_mmd - 1)
        self.kernel = check_choice("kernel", kernel, KERNELS)
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
        """As for the VAE, and the squared MMD of the batch, the same for each image."""
        terms = super().terms(x, outputs)
        draws = self.prior.sample(ops.shape(outputs["z"])[0], seed=tfp_seed(self.seed_generator))
        distance = mmd(outputs["z"], draws, self.kernel)
        return {**terms, "mmd": distance * ops.ones_like(terms["kl"])}

    def objective(self, terms):
        """reconstruction + (1 - alpha) kl + (alpha + lambda_mmd - 1) mmd, (batch,) float32."""
        return (
            terms["reconstruction"]
            + (1 - self.alpha) * terms["kl"]
            + (self.alpha + self.lambda_mmd - 1) * terms["mmd"]
        )

    def get_config(self):
        """Every argument of the constructor."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "lambda_mmd": self.lambda_mmd,
            "kernel": self.kernel,
        }

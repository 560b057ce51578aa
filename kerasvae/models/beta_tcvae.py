"""beta-TCVAE: a weight for each of the three parts of the KL.

Chapter 6: tutorials/06_total_correlation.ipynb.
"""

import math

import keras
import numpy as np
from keras import ops

from kerasvae.checks import check_choice, check_non_negative, check_positive_int
from kerasvae.data import as_dataset
from kerasvae.distributions import posterior
from kerasvae.estimators import ESTIMATORS, aggregate_posterior, decomposition_terms
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.training.impossible import SayImpossible

# Above this the exact estimator, which encodes the whole data set at every step, is no option.
MAX_EXACT = 20_000


@keras.saving.register_keras_serializable("kerasvae")
class BetaTCVAE(VariationalAutoencoder):
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
        estimator: "mss", "mws", or "exact", which encodes all images at every step and is for
            small data sets.
        dataset_size: number of training images; None to take it from the data given to `fit`.
        image_shape, latent_dim, architecture, likelihood, likelihood_scale, encoder, decoder,
            seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight or unknown estimator; training data of unknown length
            without dataset_size.

    References:
        Chen et al. 2018, "Isolating sources of disentanglement in variational autoencoders",
        equations 2 and 4; estimators in appendix C.

    Example:
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
        **kwargs,
    ):
        self.alpha = check_non_negative("alpha", alpha)
        self.beta = check_non_negative("beta", beta)
        self.gamma = check_non_negative("gamma", gamma)
        self.estimator = check_choice("estimator", estimator, ESTIMATORS)
        if dataset_size is not None:
            check_positive_int("dataset_size", dataset_size)
        self.dataset_size = dataset_size
        self._size_from_data = dataset_size is None
        self._all_images = None
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

    def prepare_fit(self, x, validation_split=0.0):
        """Take the number of images from the training data, and for "exact" the images.

        Args:
            x: what `fit` was given.
            validation_split: the share of it that is not trained on.

        Raises:
            ValueError: data of unknown length without dataset_size, or too much for "exact".
        """
        images = as_dataset(x, self.image_shape)
        size = images.length
        if size is not None:
            size = math.floor(size * (1 - validation_split))  # as Keras splits
        if self._size_from_data and size is None:
            raise ValueError(
                "BetaTCVAE needs the number of training images, and this data does not tell it: "
                f"BetaTCVAE(..., dataset_size=...). Received: {images.kind}"
            )
        if self._size_from_data and size != self.dataset_size:
            self.dataset_size = size
            self.train_function = self.test_function = None  # they hold the old size
        if self.estimator == "exact":
            self._keep_images(images, size)

    def _keep_images(self, images, size):
        if size is None or size > MAX_EXACT:
            raise ValueError(
                f"estimator='exact' encodes all images at every step and takes at most "
                f"{MAX_EXACT:,} of known length; use 'mss'. Received: {size} images"
            )
        self._all_images = np.asarray(images.images(np.arange(size)), "float32")
        self.train_function = self.test_function = None

    def terms(self, x, outputs):
        """As for the VAE, and the three parts of the KL at the batch's codes."""
        q = posterior(outputs)
        parts = decomposition_terms(
            q.log_prob(outputs["z"]),
            self._aggregate(outputs),
            self.prior.log_prob(outputs["z"]),
        )
        return {**super().terms(x, outputs), **parts}

    def watchers(self):
        """Says when an estimate shows what it cannot be; "exact" may miss by sampling alone."""
        if self.estimator == "exact":
            return []
        remedy = (
            f"The gradient of estimator={self.estimator!r} serves training, its value is no "
            "measurement: report kerasvae.surgery.decompose(model, images)."
        )
        return [SayImpossible(self._ranges, remedy)]

    def _ranges(self):
        return {
            "mutual_information": (0.0, math.log(self.dataset_size)),
            "total_correlation": (0.0, math.inf),
            "dimension_wise_kl": (0.0, math.inf),
        }

    def check_ready(self):
        """Refuse to estimate q(z) without what the estimator needs.

        Raises:
            ValueError: no dataset_size, or for "exact" no images, yet.
        """
        if self.estimator == "exact" and self._all_images is None:
            raise ValueError("estimator='exact' sees its images in fit(); call that first.")
        if self.estimator != "exact" and self.dataset_size is None:
            raise ValueError(
                "BetaTCVAE needs the number of training images: fit the model first, or build it "
                "with BetaTCVAE(..., dataset_size=...). Received: dataset_size=None"
            )

    def _aggregate(self, outputs):
        """log q(z) and its marginals at the batch's codes, by the model's estimator."""
        self.check_ready()
        source = outputs
        if self.estimator == "exact":
            source = self.encode(ops.convert_to_tensor(self._all_images))
        return aggregate_posterior(
            outputs["z"], source["loc"], source["scale"], self.estimator, self.dataset_size
        )

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
            "estimator": self.estimator,
            "dataset_size": None if self._size_from_data else self.dataset_size,
        }

    def save_own_variables(self, store):
        """Write the weights, and the number of images if it was taken from the data."""
        super().save_own_variables(store)
        if self._size_from_data and self.dataset_size is not None:
            store["dataset_size"] = np.asarray(self.dataset_size)

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote."""
        names = list(store.keys())
        if "dataset_size" in names:
            self.dataset_size = int(np.asarray(store["dataset_size"]))
        super().load_own_variables({name: store[name] for name in names if name != "dataset_size"})

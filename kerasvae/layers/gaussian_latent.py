"""A variational bottleneck for any Keras model, in one line.

Chapter 6: tutorials/06_total_correlation.ipynb.
"""

import keras
from keras import ops

from kerasvae.backend import LAYERS_HAVE_METRICS
from kerasvae.checks import check_non_negative, check_positive_int
from kerasvae.distributions import posterior, posterior_parameters, sample, standard_normal
from kerasvae.divergences import kl_analytic
from kerasvae.estimators import (
    aggregate_covariance,
    aggregate_posterior,
    decomposition_terms,
    moment_penalty,
)
from kerasvae.training.random_state import SavedSeed

# The parts of the KL, which need the size of the data set.
PARTS = ("mutual_information", "total_correlation", "dimension_wise_kl")


@keras.saving.register_keras_serializable("kerasvae")
class GaussianLatent(SavedSeed, keras.layers.Layer):
    """Turns features into a sampled code, and adds the cost of that code to the model's loss.

    Formula:
        loc, log_variance = dense(features); z from N(loc, scale^2)
        loss += mean(beta kl + mutual_information_weight mutual_information + ...)

        The KL counts each of its three parts once already: a beta-TCVAE bottleneck of weight 6 is
        GaussianLatent(10, total_correlation=5.0, dataset_size=N). `moments` weighs the DIP-VAE-II
        penalty, the squared distance of the batch's covariance of z from the identity.

    On TensorFlow each term in use is shown as a metric of its name. On JAX the loss holds them and
    there are no metrics: Keras's JAX trainer does not carry a layer's metrics through the forward
    pass (keras-team/keras issue 21639).

    Args:
        units: D, the number of latent dimensions.
        beta: weight of the KL term, at least 0.
        mutual_information: weight of the index-code mutual information, on top of beta.
        total_correlation: weight of the total correlation, on top of beta.
        dimension_wise_kl: weight of the dimension-wise KL, on top of beta.
        moments: weight of the moment penalty.
        dataset_size: number of training images; needed if a part of the KL has a weight, because
            the parts are estimated by minibatch stratified sampling.
        seed: whole number for the draws, or None.
        **kwargs: as for any Keras layer.

    Call arguments:
        inputs: features, (batch, F).

    Returns:
        z, (batch, D) float32: a draw, in training and in inference. For the mean alone use
        `parameters(features)["loc"]`.

    Raises:
        ValueError: units below 1, a negative weight, a weight of a part of the KL without
            dataset_size, features that are not (batch, F).

    References:
        Kingma & Welling 2014, appendix B; Higgins et al. 2017, equation 4; Chen et al. 2018,
        equation 4; Kumar et al. 2018, equation 7.

    The KL is a sum over latent dimensions, in nats for each image. So the model's loss must be a
    sum over pixels: `kerasvae.losses.NegativeLogLikelihood` is. Keras's "binary_crossentropy" and
    "mse" average over pixels; with them, the weight of the KL is too large by a factor of the
    number of pixels, and the latents collapse.

    Example:
        >>> from keras import Input, Model, layers
        >>> from kerasvae.losses import NegativeLogLikelihood
        >>> images = Input((8, 8, 1))
        >>> features = layers.Dense(32, activation="relu")(layers.Flatten()(images))
        >>> z = GaussianLatent(4, beta=2.0)(features)
        >>> logits = layers.Reshape((8, 8, 1))(layers.Dense(64)(z))
        >>> model = Model(images, logits)
        >>> model.compile("adam", loss=NegativeLogLikelihood("bernoulli"))
    """

    def __init__(
        self,
        units,
        beta=1.0,
        mutual_information=0.0,
        total_correlation=0.0,
        dimension_wise_kl=0.0,
        moments=0.0,
        dataset_size=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = check_positive_int("units", units)
        self.beta = check_non_negative("beta", beta)
        self.mutual_information = check_non_negative("mutual_information", mutual_information)
        self.total_correlation = check_non_negative("total_correlation", total_correlation)
        self.dimension_wise_kl = check_non_negative("dimension_wise_kl", dimension_wise_kl)
        self.moments = check_non_negative("moments", moments)
        self.dataset_size = dataset_size
        self.seed = seed
        weighted_parts = {name: getattr(self, name) for name in PARTS if getattr(self, name)}
        if weighted_parts and dataset_size is None:
            raise ValueError(
                f"{' and '.join(weighted_parts)}: give dataset_size too, the number of training "
                "images. Received: dataset_size=None"
            )
        # The terms in use: the name of each in the log, and its weight in the loss.
        self.weights_of_terms = {"kl": self.beta} | weighted_parts
        if self.moments:
            self.weights_of_terms["moments"] = self.moments
        self.heads = keras.layers.Dense(2 * self.units, dtype="float32", name="heads")
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {}
        if LAYERS_HAVE_METRICS:
            self.trackers = {name: keras.metrics.Mean(name=name) for name in self.weights_of_terms}

    def build(self, input_shape):
        """Make the dense heads for means and log-variances."""
        if len(input_shape) != 2:
            raise ValueError(
                "GaussianLatent takes features of shape (batch, features); put a Flatten layer "
                f"before it. Received: shape {tuple(input_shape)}"
            )
        self.heads.build(input_shape)

    def parameters(self, features):
        """q(z|x) of features: {"loc": (batch, D), "scale": (batch, D)} float32."""
        return posterior_parameters(self.heads(features))

    def terms(self, parameters, z):
        """The terms in use: each (batch,) in nats, but `moments`, a scalar for the batch."""
        q, prior = posterior(parameters), standard_normal(self.units)
        loc, scale = parameters["loc"], parameters["scale"]
        terms = {"kl": kl_analytic(q, prior)}
        if any(name in self.weights_of_terms for name in PARTS):
            aggregate = aggregate_posterior(z, loc, scale, "mss", self.dataset_size)
            terms |= decomposition_terms(q.log_prob(z), aggregate, prior.log_prob(z))
        if self.moments:
            covariance = aggregate_covariance(loc, scale)
            terms["moments"] = moment_penalty(covariance, lambda_od=1.0, lambda_d=1.0)
        return {name: terms[name] for name in self.weights_of_terms}

    def call(self, inputs):
        """A draw of z; the weighted terms go to the model's loss and to the metrics."""
        parameters = self.parameters(inputs)
        z = sample(posterior(parameters), self.seed_generator)
        for name, value in self.terms(parameters, z).items():
            self.add_loss(self.weights_of_terms[name] * ops.mean(value))
            if name in self.trackers:
                self.trackers[name].update_state(value)
        return z

    def compute_output_spec(self, inputs):
        """Shape and dtype of z."""
        return keras.KerasTensor((inputs.shape[0], self.units), dtype="float32")

    def get_config(self):
        """Every argument of the constructor."""
        names = "units beta mutual_information total_correlation dimension_wise_kl moments"
        arguments = {name: getattr(self, name) for name in names.split()}
        return {
            **super().get_config(),
            **arguments,
            "dataset_size": self.dataset_size,
            "seed": self.seed,
        }

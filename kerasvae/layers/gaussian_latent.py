"""A variational bottleneck for any Keras model, in one line."""

import keras
from keras import ops

from kerasvae.checks import check_non_negative, check_positive_int
from kerasvae.distributions import posterior, posterior_parameters, sample, standard_normal
from kerasvae.divergences import kl_analytic
from kerasvae.training.random_state import SavedSeed


@keras.saving.register_keras_serializable("kerasvae")
class GaussianLatent(SavedSeed, keras.layers.Layer):
    """Turns features into a sampled code and adds the price of the code to the model's loss.

    Formula:
        loc, log_variance = dense(features); z from N(loc, scale^2)
        loss += beta mean(kl), kl = KL(q(z|x) || N(0, I))

    On TensorFlow the mean KL is shown as the metric "kl" too. On JAX the loss holds it and there
    is no metric: Keras's JAX trainer does not carry a layer's metrics through the forward pass
    (keras-team/keras issue 21639).

    Args:
        units: D, the number of latent dimensions.
        beta: weight of the KL term, at least 0.
        seed: whole number for the draws, or None.
        **kwargs: as for any Keras layer.

    Call arguments:
        inputs: features, (batch, F).

    Returns:
        z, (batch, D) float32: a draw, in training and in inference. For the mean alone use
        `parameters(features)["loc"]`.

    Raises:
        ValueError: units below 1, a negative beta, features that are not (batch, F).

    References:
        Kingma & Welling 2014, appendix B; Higgins et al. 2017, equation 4.

    Example:
        >>> from keras import Input, Model, layers
        >>> images = Input((8, 8, 1))
        >>> features = layers.Dense(32, activation="relu")(layers.Flatten()(images))
        >>> z = GaussianLatent(4, beta=2.0)(features)
        >>> pixels = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="sigmoid")(z))
        >>> model = Model(images, pixels)
        >>> model.compile("adam", loss="binary_crossentropy")
    """

    def __init__(self, units, beta=1.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units = check_positive_int("units", units)
        self.beta = check_non_negative("beta", beta)
        self.seed = seed
        self.heads = keras.layers.Dense(2 * self.units, dtype="float32", name="heads")
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.kl_tracker = None
        if keras.backend.backend() != "jax":
            self.kl_tracker = keras.metrics.Mean(name="kl")

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

    def call(self, inputs):
        """A draw of z; the KL goes to the model's loss and to the metric."""
        q = posterior(self.parameters(inputs))
        kl = kl_analytic(q, standard_normal(self.units))  # (batch,)
        if self.kl_tracker is not None:
            self.kl_tracker.update_state(kl)
        self.add_loss(self.beta * ops.mean(kl))
        return sample(q, self.seed_generator)

    def compute_output_spec(self, inputs):
        """Shape and dtype of z."""
        return keras.KerasTensor((inputs.shape[0], self.units), dtype="float32")

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "units": self.units, "beta": self.beta, "seed": self.seed}

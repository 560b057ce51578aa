"""What all variational autoencoders share: data flows one way, from images to named terms."""

import keras
import numpy as np
from keras import ops

from kerasvae import distributions, networks
from kerasvae.checks import check_choice, check_non_negative, check_positive_int
from kerasvae.divergences import kl_analytic
from kerasvae.models.image_training import ImageTraining
from kerasvae.models.views import Views
from kerasvae.training.random_state import SavedSeed
from kerasvae.training.step import TrainStep


class VariationalAutoencoder(Views, ImageTraining, SavedSeed, TrainStep, keras.Model):
    """The base of every objective here: override `objective`, and `terms` where a paper adds some.

    Formula:
        x -> encode -> q(z|x) -> z -> decode -> p(x|z) -> terms(x, outputs) -> objective(terms)

    Args:
        image_shape: (H, W, C) of the images.
        latent_dim: D, the number of latent dimensions.
        architecture: "burgess", "locatello" or "mlp", for the networks that are not given.
        likelihood: "bernoulli", "continuous_bernoulli" or "gaussian".
        likelihood_scale: standard deviation of a pixel under the gaussian likelihood, a positive
            number, or "learned" for one trained scale (Rybkin et al. 2021).
        encoder: a keras.Model of your own, images to (batch, 2 D): means, then log-variances.
        decoder: a keras.Model of your own, codes (batch, D) to logits of the image's shape.
        seed: whole number for the draws of z, or None.
        **kwargs: `name`, `dtype`, `trainable` of the Keras model.

    Raises:
        ValueError: an argument, or a network's shape, that does not fit; says what does.

    References:
        Kingma & Welling 2014; Rezende et al. 2014.
    """

    term_names = ("reconstruction", "kl")

    # The optimizer of a bare compile(): the learning rate of Adam.
    default_learning_rate = 5e-4

    def __init__(
        self,
        image_shape=(64, 64, 1),
        latent_dim=10,
        architecture="burgess",
        likelihood="bernoulli",
        likelihood_scale=1.0,
        encoder=None,
        decoder=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape = _checked_image_shape(image_shape)
        self.latent_dim = check_positive_int("latent_dim", latent_dim)
        self.architecture = architecture
        self.likelihood = check_choice("likelihood", likelihood, distributions.LIKELIHOODS)
        self.likelihood_scale = _checked_scale(likelihood, likelihood_scale)
        self.seed = seed
        self.custom_networks = {"encoder": encoder, "decoder": decoder}
        if encoder is not None:
            networks.check_custom("encoder", encoder, self.image_shape, (2 * self.latent_dim,))
        if decoder is not None:
            networks.check_custom("decoder", decoder, (self.latent_dim,), self.image_shape)
        self.encoder = encoder or networks.build_encoder(
            architecture, self.image_shape, self.latent_dim
        )
        self.decoder = decoder or networks.build_decoder(
            architecture, self.latent_dim, self.image_shape
        )
        self.log_scale = self._build_log_scale()
        self.step = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="step"
        )
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {term: keras.metrics.Mean(name=term) for term in self.term_names}
        self.build((None, *self.image_shape))

    def build(self, input_shape):
        """Everything is built by now: the image shape is known from the start."""
        self.built = True

    # From images to codes to images

    def encode(self, x):
        """q(z|x) for a batch: {"loc": (batch, D), "scale": (batch, D)} float32 tensors."""
        return distributions.posterior_parameters(self.encoder(x))

    def decode(self, z):
        """Logits of the pixels, (batch, H, W, C) float32, for codes (batch, D)."""
        return ops.cast(self.decoder(z), "float32")

    def pixel_distribution(self, logits):
        """p(x|z), a tfd.Independent over images, from the decoder's logits."""
        return distributions.likelihood(self.likelihood, logits, self.log_scale)

    @property
    def prior(self):
        """p(z), a tfd distribution over codes of shape (D,)."""
        return distributions.standard_normal(self.latent_dim)

    def call(self, x):
        """One pass with a sampled code: {"loc", "scale", "z": (batch, D), "logits": images}."""
        parameters = self.encode(x)
        z = distributions.sample(distributions.posterior(parameters), self.seed_generator)
        return {**parameters, "z": z, "logits": self.decode(z)}

    # From images to the loss

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
        x = ops.cast(x, "float32")
        return {
            "reconstruction": -self.pixel_distribution(outputs["logits"]).log_prob(x),
            "kl": kl_analytic(distributions.posterior(outputs), self.prior),
        }

    def objective(self, terms):
        """What is minimised, as a sum of weighted terms: (batch,) float32 in nats."""
        raise NotImplementedError("A model defines its objective(terms).")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean objective over a batch, scalar; the only place that averages over images."""
        self._refuse_targets(y, sample_weight)
        terms = self.terms(x, y_pred)
        for term, value in terms.items():
            self.trackers[term].update_state(value)
        loss = ops.mean(self.objective(terms))
        if training:
            self.step.assign_add(1)
        return sum(self.losses, start=loss)  # what layers of custom networks add

    # Serialisation

    def _build_log_scale(self):
        """Log standard deviation of a pixel: a weight if it is learned, else a number."""
        if self.likelihood_scale != "learned":
            return float(np.log(self.likelihood_scale))
        return self.add_weight(shape=(), initializer="zeros", dtype="float32", name="log_scale")

    def get_config(self):
        """Every argument of the constructor; networks only if they are the user's own."""
        config = super().get_config()
        names = [
            "image_shape",
            "latent_dim",
            "architecture",
            "likelihood",
            "likelihood_scale",
            "seed",
        ]
        config.update({name: getattr(self, name) for name in names})
        for role, network in self.custom_networks.items():
            config[role] = network and keras.saving.serialize_keras_object(network)
        return config

    @classmethod
    def from_config(cls, config):
        """The model that `get_config` described, with new weights."""
        config = dict(config)
        for role in ("encoder", "decoder"):
            if config.get(role) is not None:
                config[role] = keras.saving.deserialize_keras_object(config[role])
        return cls(**config)


def _checked_image_shape(image_shape):
    try:
        shape = tuple(int(side) for side in image_shape)
    except (TypeError, ValueError):
        shape = ()
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(
            "image_shape must be (height, width, channels), for example (64, 64, 1). "
            f"Received: image_shape={image_shape!r}"
        )
    return shape


def _checked_scale(likelihood, scale):
    if scale != "learned" and check_non_negative("likelihood_scale", scale) == 0:
        raise ValueError("likelihood_scale must be positive. Received: likelihood_scale=0")
    if likelihood != "gaussian" and scale != 1.0:
        raise ValueError(
            "likelihood_scale belongs to likelihood='gaussian'. "
            f"Received: likelihood={likelihood!r}, likelihood_scale={scale!r}"
        )
    return scale

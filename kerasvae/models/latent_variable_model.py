"""What all models share: networks between images and codes, draws, views, Keras's interface."""

import keras
import numpy as np
from keras import ops

from kerasvae import distributions, networks
from kerasvae.backend import TrainStep
from kerasvae.checks import check_choice, check_non_negative, check_positive_int
from kerasvae.divergences import per_dimension_kl
from kerasvae.models.image_training import ImageTraining
from kerasvae.models.views import Views
from kerasvae.training.random_state import SavedSeed


class LatentVariableModel(TrainStep, Views, ImageTraining, SavedSeed, keras.Model):
    """The base of every model here: an encoder q(z|x), a decoder p(x|z), a prior p(z).

    A subclass says what is minimised, and by whom: its `players()`, only one for a VAE. Each
    backend has its own training step, in which they take turns.

    Args:
        image_shape: (H, W, C) of the images.
        latent_dim: D, the number of latent dimensions.
        architecture: "burgess", "locatello" or "mlp", for the networks that you do not give; None
            for "burgess" on square images of at least 48 pixels, and "mlp" on others.
        likelihood: "bernoulli", "continuous_bernoulli" or "gaussian".
        likelihood_scale: standard deviation of a pixel under the gaussian likelihood, a positive
            number, or "learned" for one trained scale (Rybkin et al. 2021).
        encoder: a keras.Model of your own, from images to (batch, 2 D): means, then log-variances.
        decoder: a keras.Model of your own, from codes (batch, D) to logits of the image's shape.
        seed: whole number for the draws of z, or None.
        **kwargs: `name`, `dtype`, `trainable` of the Keras model. The networks that you do not give
            have the same dtype policy.

    Raises:
        ValueError: an argument, or a network's shape, that does not fit; the message says what
            does.
    """

    term_names = ()

    # The optimizer of a bare compile(): the learning rate of Adam.
    default_learning_rate = 5e-4

    # Hidden activation of the encoders that are not given.
    encoder_activation = "relu"

    # Whether decoders that are not given have batch normalization.
    decoder_normalized = False

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
        **kwargs,
    ):
        _check_float32()
        super().__init__(**kwargs)
        self.image_shape = _checked_image_shape(image_shape)
        self.latent_dim = check_positive_int("latent_dim", latent_dim)
        if architecture is None and (encoder is None or decoder is None):
            architecture = networks.suited_architecture(self.image_shape)
        self.architecture = architecture
        self.likelihood = check_choice("likelihood", likelihood, distributions.LIKELIHOODS)
        self.likelihood_scale = _checked_scale(likelihood, likelihood_scale)
        self.seed = seed
        self.custom_networks = {}
        self.encoder = self._network(
            "encoder", encoder, self.image_shape, (self.encoder_outputs,)
        ) or networks.build_encoder(
            architecture,
            self.image_shape,
            self.encoder_outputs,
            self.encoder_activation,
            self.dtype_policy,
        )
        self.decoder = self._network(
            "decoder", decoder, (self.decoder_inputs,), self.image_shape
        ) or networks.build_decoder(
            architecture,
            self.decoder_inputs,
            self.image_shape,
            self.dtype_policy,
            self.decoder_normalized,
        )
        self.log_scale = self._build_log_scale()
        self.step = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="step"
        )
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = {term: keras.metrics.Mean(name=term) for term in self.term_names}
        # The image shape is known from the start, so everything is built by now. Keras's build()
        # is not called: it would lock the model against the networks that subclasses add.
        self.built = True

    @property
    def encoder_outputs(self):
        """Numbers that the encoder returns for an image: means and log-variances."""
        return 2 * self.latent_dim

    @property
    def decoder_inputs(self):
        """Numbers from which the decoder makes an image: the code."""
        return self.latent_dim

    def _network(self, role, network, input_shape, output_shape):
        """A network of the user's own, checked and noted for the config; None if not given."""
        self.custom_networks[role] = network
        if network is not None:
            networks.check_custom(role, network, input_shape, output_shape)
        return network

    # From images to codes to images

    def encode(self, x, training=None):
        """q(z|x) for a batch: {"loc": (batch, D), "scale": (batch, D)} float32 tensors."""
        return distributions.posterior_parameters(self.encoder(x, training=training))

    def decode(self, z, training=None):
        """Logits of the pixels, (batch, H, W, C) float32, for codes (batch, D)."""
        return ops.cast(self.decoder(z, training=training), "float32")

    def pixel_distribution(self, logits):
        """p(x|z), a tfd.Independent over images, from the decoder's logits."""
        return distributions.likelihood(self.likelihood, logits, self.log_scale)

    @property
    def prior(self):
        """p(z), a tfd distribution over codes of shape (D,)."""
        return distributions.standard_normal(self.latent_dim)

    @property
    def knows_dimension_kl(self):
        """Whether `dimension_kl` is the KL to the model's own prior, and not to another one."""
        return self.has_standard_normal_prior

    def dimension_kl(self, parameters):
        """KL to N(0, 1) of each dimension, (batch, D) nats, from what `encode` returned."""
        return per_dimension_kl(parameters)

    # While a model is exported on JAX the size of a batch is a symbol, of which TFP draws nothing.
    draws_any_batch = False

    # Whether `prior` is N(0, I), for which the closed forms of the KL and surgery hold.
    has_standard_normal_prior = True

    def draw(self, parameters):
        """One reparametrised code for each image, (batch, D), from what `encode` returned."""
        if self.draws_any_batch:
            loc, scale = parameters["loc"], parameters["scale"]
            return loc + scale * keras.random.normal(ops.shape(loc), seed=self.seed_generator)
        return distributions.sample(distributions.posterior(parameters), self.seed_generator)

    # Keras on JAX tells only a call with an argument `training` that it trains.
    def call(self, x, training=None):
        """One pass with a sampled code: {"loc", "scale", "z": (batch, D), "logits": images}."""
        parameters = self.encode(x, training)
        z = self.draw(parameters)
        return {**parameters, "z": z, "logits": self.decode(z, training=training)}

    # Who minimises what

    def players(self):
        """Who trains: {name: `kerasvae.training.players.Player`}; the first one's loss is shown."""
        raise NotImplementedError("A model names its players().")

    def variables_outside(self, network):
        """The model's trainable variables that are not a network's."""
        inside = {id(variable) for variable in network.variables}
        return [variable for variable in self.trainable_variables if id(variable) not in inside]

    def losses_outside(self, network):
        """Losses that layers added in the last pass, except those of a network."""
        others = [layer for layer in self.layers if layer is not network]
        added = [loss for layer in others for loss in layer.losses]
        return [*self._get_own_losses(), *added]  # first what a subclass adds in its own call()

    @property
    def steps_taken(self):
        """Training steps that the model has taken, a whole number; saved with it."""
        return int(ops.convert_to_numpy(self.step))

    def track(self, terms):
        """Take a batch's terms, {name: (batch,)}, into the running means of their names."""
        for name, value in terms.items():
            self.trackers[name].update_state(value)

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
        config["frozen"] = self._frozen_layers()
        return config

    def _frozen_layers(self):
        """Which layers of the networks that are built here do not train: {network: positions}.

        A network of the user's own keeps this in its own config.
        """
        frozen = {}
        for role, given in self.custom_networks.items():
            network = getattr(self, role)
            if given is None:
                numbered = enumerate(network.layers)
                frozen[role] = [number for number, layer in numbered if not layer.trainable]
        return {role: numbers for role, numbers in frozen.items() if numbers}

    @classmethod
    def from_config(cls, config):
        """The model that `get_config` described, with new weights."""
        config = dict(config)
        frozen = config.pop("frozen", {})
        model = cls(**{
            name: keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
            for name, value in config.items()
        })  # fmt: skip
        for role, numbers in frozen.items():
            network = getattr(model, role)
            for number in numbers:
                network.layers[number].trainable = False
        return model


def _check_float32():
    if keras.config.floatx() != "float32":
        raise ValueError(
            "kerasvae computes its terms in float32: call keras.config.set_floatx('float32') "
            "before building a model. For a faster network give it a dtype policy instead, such as "
            f"dtype='mixed_bfloat16'. Received: floatx={keras.config.floatx()!r}"
        )


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

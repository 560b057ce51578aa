"""What all variational autoencoders share: data flows one way, from images to named terms."""

import keras
import numpy as np
from keras import ops

from kerasvae import distributions, networks
from kerasvae.checks import check_choice, check_images, check_non_negative, check_positive_int
from kerasvae.divergences import kl_analytic
from kerasvae.training.guard import StopOnNonFinite
from kerasvae.training.random_state import SavedSeed
from kerasvae.training.step import TrainStep

DEFAULT_BATCH_SIZE = 64


class VariationalAutoencoder(SavedSeed, TrainStep, keras.Model):
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

    # Keras's interface

    def compile(self, optimizer=None, **kwargs):
        """As `keras.Model.compile`, without a loss; the optimizer defaults to the paper's.

        Args:
            optimizer: any Keras optimizer or its name; None for Adam with the learning rate
                `default_learning_rate`.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, ...

        Raises:
            ValueError: a loss or metrics were given; the model brings its own.
        """
        for name in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            if kwargs.pop(name, None) is not None:
                raise ValueError(
                    f"{type(self).__name__} brings its own loss and metrics: leave {name}= out of "
                    "compile(), or override objective() in a subclass."
                )
        if optimizer is None:
            optimizer = keras.optimizers.Adam(self.default_learning_rate)
        super().compile(optimizer=optimizer, **kwargs)

    def compile_from_config(self, config):
        """Compile as saved, with the optimizer's variables in place for its state."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        **kwargs,
    ):
        """As `keras.Model.fit`, on images alone.

        Args:
            x: images (n, H, W, C) float in [0, 1], a data set of kerasvae.data, or any Keras or
                tf.data dataset of image batches.
            y: must be None.
            batch_size: 64 unless given.
            epochs: passes through the images.
            verbose: as in Keras.
            callbacks: Keras callbacks; one that stops on NaN is always added.
            validation_split: as in Keras, for arrays.
            validation_data: images, as for x.
            shuffle: as in Keras.
            **kwargs: `steps_per_epoch`, `initial_epoch`, ... as in Keras.

        Returns:
            A keras History with one entry per term and epoch.

        Raises:
            ValueError: images that do not fit, before any step.
            FloatingPointError: a term became NaN; the weights are those of the last good step.
        """
        self._refuse_targets(y, kwargs.get("sample_weight"))
        if hasattr(x, "keras_dataset"):
            seed = self.seed
            if seed is None:
                seed = int(keras.random.randint((), 0, 2**31 - 1))
            x = x.keras_dataset(batch_size or DEFAULT_BATCH_SIZE, seed=seed)
        self._check_images(x, "x")
        if validation_data is not None:
            validation_data = self._in_order(validation_data, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size, shuffle = None, False  # the data set brings both
        elif isinstance(x, np.ndarray):
            batch_size = batch_size or DEFAULT_BATCH_SIZE
        return super().fit(
            x,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=[*keras.tree.flatten(callbacks or []), StopOnNonFinite()],
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            **kwargs,
        )

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """As `keras.Model.evaluate`: the mean of each term, on images as for `fit`."""
        self._refuse_targets(y, kwargs.get("sample_weight"))
        x = self._in_order(x, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size = None
        return super().evaluate(x, batch_size=batch_size, **kwargs)

    def predict(self, x, batch_size=None, **kwargs):
        """As `keras.Model.predict`: the dict of `call`, in numpy, on images as for `fit`."""
        x = self._in_order(x, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size = None
        return super().predict(x, batch_size=batch_size, **kwargs)

    # What people do with a trained model; numpy in, numpy out

    def embed(self, images, batch_size=256):
        """Posterior means of images.

        Args:
            images: (n, H, W, C) float in [0, 1], or a data set of kerasvae.data.
            batch_size: images encoded at a time.

        Returns:
            (n, D) float32.

        Raises:
            ValueError: images that do not fit.
        """
        images = self._in_order(images, batch_size)
        if isinstance(images, keras.utils.PyDataset):
            batch_size = None
        raw = self.encoder.predict(images, batch_size, verbose=0)
        return raw[:, : self.latent_dim]

    def reconstruct(self, images, batch_size=256):
        """The mean image p(x|z) at the posterior mean of each image, (n, H, W, C) float32."""
        return self._mean_images(self.embed(images, batch_size), batch_size)

    def sample(self, n, seed=0, batch_size=256):
        """Mean images of n codes drawn from the prior, (n, H, W, C) float32.

        Args:
            n: how many.
            seed: whole number; the same seed gives the same images.
            batch_size: codes decoded at a time.
        """
        check_positive_int("n", n)
        seed = distributions.tfp_seed(keras.random.SeedGenerator(seed))
        return self._mean_images(ops.convert_to_numpy(self.prior.sample(n, seed=seed)), batch_size)

    def traverse(self, code, values, dimensions=None, batch_size=256):
        """Images along each latent dimension with the others held still.

        Args:
            code: (D,) the point from which to move, for example `embed(images)[0]`.
            values: (S,) the values the moving dimension takes.
            dimensions: which dimensions move; all of them by default.
            batch_size: codes decoded at a time.

        Returns:
            (number of dimensions, S, H, W, C) float32.
        """
        dimensions = range(self.latent_dim) if dimensions is None else dimensions
        codes = np.tile(np.asarray(code, "float32"), (len(dimensions), len(values), 1))
        for row, dimension in zip(codes, dimensions, strict=True):
            row[:, dimension] = values
        images = self._mean_images(codes.reshape(-1, self.latent_dim), batch_size)
        return images.reshape(len(dimensions), len(values), *self.image_shape)

    def _mean_images(self, codes, batch_size):
        logits = self.decoder.predict(codes, batch_size, verbose=0)
        means = [
            ops.convert_to_numpy(self.pixel_distribution(logits[i : i + batch_size]).mean())
            for i in range(0, len(logits), batch_size)
        ]
        return np.concatenate(means)

    # Checks and serialisation

    def _in_order(self, x, batch_size):
        """Images as Keras takes them to evaluate or predict: checked, every one once."""
        if hasattr(x, "keras_dataset"):
            x = x.keras_dataset(batch_size or DEFAULT_BATCH_SIZE, seed=None)
        self._check_images(x, "images")
        return x

    def _check_images(self, x, name):
        if isinstance(x, keras.utils.PyDataset):
            x = x[0]
        elif not hasattr(x, "shape") and hasattr(x, "__iter__") and not isinstance(x, list | tuple):
            return  # tf.data and generators would be used up; the guard watches their batches
        check_images(x, self.image_shape, name)

    def _refuse_targets(self, y, sample_weight):
        if y is None and sample_weight is None:
            return
        raise ValueError(
            f"{type(self).__name__} learns from images alone: call fit(images), without targets "
            f"and sample weights. Received: {'sample_weight' if y is None else 'targets y'}"
        )

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

"""The floor: the same networks and loss in Keras alone, with nothing around them.

No TensorFlow Probability, no named terms, no guard against NaN, no bounds on the log-variance:
what kerasvae costs is its difference from this.
"""

import math

import keras
from keras import layers, ops

from contenders import OBJECTIVES, Absent, Trainable, plain_objectives
from contenders.keras_timing import trainable


class PlainVAE(keras.Model):
    """A variational autoencoder as one would write it in a script.

    Args:
        encoder, decoder: keras.Models.
        objective: what is minimised, of a `plain_objectives.Batch`.
        batch_size: images in a step.
    """

    def __init__(self, encoder, decoder, objective, batch_size):
        super().__init__()
        self.encoder, self.decoder, self.objective = encoder, decoder, objective
        self.noise = keras.random.SeedGenerator(0)
        self.batch_size = batch_size

    def draw(self, x):
        """Mean, log-variance and a code of each image."""
        loc, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(loc), seed=self.noise, dtype="float32")
        return loc, log_variance, loc + ops.exp(0.5 * log_variance) * noise

    def call(self, x):
        """Mean, log-variance, code and logits."""
        loc, log_variance, z = self.draw(x)
        return loc, log_variance, z, self.decoder(z)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean objective of a batch, nats."""
        loc, log_variance, z, logits = y_pred
        cross_entropy = ops.binary_crossentropy(x, logits, from_logits=True)
        reconstruction = ops.sum(cross_entropy, axis=(1, 2, 3))  # (batch,)
        kl = 0.5 * ops.sum(ops.exp(log_variance) + loc**2 - 1 - log_variance, axis=1)  # (batch,)
        batch = plain_objectives.Batch(
            reconstruction,
            kl,
            loc,
            log_variance,
            z,
            self.optimizer.iterations,
            self.noise,
            self.batch_size,
        )
        return self.objective(batch)


def from_memory(setup, objective, images) -> Trainable:
    """Fed from an array in memory."""
    keras.config.set_dtype_policy(setup.dtype)
    model = _model(setup, objective)
    return trainable(
        model,
        lambda steps: images[: steps * setup.batch_size],
        batch_size=setup.batch_size,
    )


def _model(setup, objective):
    entry, name = OBJECTIVES[objective], objective.replace("-", "_")
    networks = {"burgess": _burgess, "mlp": _mlp}[setup.network](setup)
    if objective == "factor-vae":
        from contenders.plain_factor_vae import PlainFactorVAE

        model = PlainFactorVAE(*networks, setup, **entry.weights)
        model.compile_players(entry.learning_rate, setup.jit_compile)
        return model
    function = getattr(plain_objectives, name, None)
    if function is None:
        raise Absent("not written; of the models of two players factor-vae is")
    model = PlainVAE(*networks, lambda batch: function(batch, **entry.weights), setup.batch_size)
    model.compile(keras.optimizers.Adam(entry.learning_rate), jit_compile=setup.jit_compile)
    return model


def _burgess(setup):
    height, width, channels = setup.image_shape
    small = (height // 16, width // 16, 32)
    convolution = {"strides": 2, "padding": "same"}
    encoder = [keras.Input(setup.image_shape)]
    encoder += [layers.Conv2D(32, 4, activation="relu", **convolution) for _ in range(4)]
    encoder += [layers.Flatten()]
    encoder += [layers.Dense(256, activation="relu") for _ in range(2)]
    encoder += [layers.Dense(2 * setup.latent_dim, dtype="float32")]
    decoder = [keras.Input((setup.latent_dim,))]
    decoder += [layers.Dense(units, activation="relu") for units in (256, 256, math.prod(small))]
    decoder += [layers.Reshape(small)]
    decoder += [layers.Conv2DTranspose(32, 4, activation="relu", **convolution) for _ in range(3)]
    decoder += [layers.Conv2DTranspose(channels, 4, dtype="float32", **convolution)]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def _mlp(setup):
    encoder = [keras.Input(setup.image_shape), layers.Flatten()]
    encoder += [layers.Dense(1200, activation="relu") for _ in range(2)]
    encoder += [layers.Dense(2 * setup.latent_dim, dtype="float32")]
    decoder = [keras.Input((setup.latent_dim,))]
    decoder += [layers.Dense(1200, activation="tanh") for _ in range(3)]
    decoder += [layers.Dense(math.prod(setup.image_shape), dtype="float32")]
    decoder += [layers.Reshape(setup.image_shape, dtype="float32")]
    return keras.Sequential(encoder), keras.Sequential(decoder)

"""The floor: the same networks and loss in Keras alone, with nothing around them.

No TensorFlow Probability, no named terms, no guard against NaN, no bounds on the log-variance:
what kerasvae costs is its difference from this.
"""

import math

import keras
from keras import layers, ops

from contenders import LEARNING_RATE, OBJECTIVES, Trainable
from contenders.keras_timing import trainable


class PlainVAE(keras.Model):
    """A variational autoencoder as one would write it in a script."""

    def __init__(self, encoder, decoder, objective):
        super().__init__()
        self.encoder, self.decoder, self.objective = encoder, decoder, objective
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x):
        """Mean, log-variance and logits."""
        loc, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(loc), seed=self.noise)
        return loc, log_variance, self.decoder(loc + ops.exp(0.5 * log_variance) * noise)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean objective of a batch, nats."""
        loc, log_variance, logits = y_pred
        cross_entropy = ops.binary_crossentropy(x, logits, from_logits=True)
        reconstruction = ops.sum(cross_entropy, axis=(1, 2, 3))  # (batch,)
        kl = 0.5 * ops.sum(ops.exp(log_variance) + loc**2 - 1 - log_variance, axis=1)  # (batch,)
        return ops.mean(self.objective(reconstruction, kl))


def from_memory(setup, objective, images) -> Trainable:
    """Fed from an array in memory."""
    networks = {"burgess": _burgess, "mlp": _mlp}[setup.network](setup)
    model = PlainVAE(*networks, OBJECTIVES[objective].plain)
    model.compile(keras.optimizers.Adam(LEARNING_RATE))
    return trainable(
        model,
        lambda steps: images[: steps * setup.batch_size],
        batch_size=setup.batch_size,
    )


def _burgess(setup):
    height, width, channels = setup.image_shape
    small = (height // 16, width // 16, 32)
    convolution = {"strides": 2, "padding": "same"}
    encoder = [keras.Input(setup.image_shape)]
    encoder += [layers.Conv2D(32, 4, activation="relu", **convolution) for _ in range(4)]
    encoder += [layers.Flatten()]
    encoder += [layers.Dense(256, activation="relu") for _ in range(2)]
    encoder += [layers.Dense(2 * setup.latent_dim)]
    decoder = [keras.Input((setup.latent_dim,))]
    decoder += [layers.Dense(units, activation="relu") for units in (256, 256, math.prod(small))]
    decoder += [layers.Reshape(small)]
    decoder += [layers.Conv2DTranspose(32, 4, activation="relu", **convolution) for _ in range(3)]
    decoder += [layers.Conv2DTranspose(channels, 4, **convolution)]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def _mlp(setup):
    encoder = [keras.Input(setup.image_shape), layers.Flatten()]
    encoder += [layers.Dense(1200, activation="relu") for _ in range(2)]
    encoder += [layers.Dense(2 * setup.latent_dim)]
    decoder = [keras.Input((setup.latent_dim,))]
    decoder += [layers.Dense(1200, activation="tanh") for _ in range(3)]
    decoder += [layers.Dense(math.prod(setup.image_shape)), layers.Reshape(setup.image_shape)]
    return keras.Sequential(encoder), keras.Sequential(decoder)

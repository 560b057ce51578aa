"""FactorVAE's two players in plain Keras, by a training step of TensorFlow."""

import keras
from keras import layers, ops

from contenders import Absent
from contenders.plain_keras import PlainVAE

if keras.backend.backend() != "tensorflow":
    raise Absent("two players in plain Keras: written for TensorFlow alone")

import tensorflow as tf


class PlainFactorVAE(PlainVAE):
    """The paper's algorithm 2: even images train the VAE, odd ones the discriminator of codes.

    Args:
        encoder, decoder: keras.Models.
        setup: a `contenders.Setup`.
        gamma: weight of the total correlation.
    """

    def __init__(self, encoder, decoder, setup, gamma):
        super().__init__(encoder, decoder, self._objective, setup.batch_size // 2)
        self.gamma = gamma
        hidden = [layers.Dense(1000, activation=keras.layers.LeakyReLU(0.2)) for _ in range(6)]
        codes = keras.Input((setup.latent_dim,))
        self.discriminator = keras.Sequential([codes, *hidden, layers.Dense(2, dtype="float32")])

    def compile_players(self, learning_rate, jit_compile):
        """Compile with an Adam for each player."""
        self.compile(keras.optimizers.Adam(learning_rate), jit_compile=jit_compile)
        self.judge = keras.optimizers.Adam(learning_rate, 0.5, 0.9)
        self.vae_weights = self.encoder.trainable_weights + self.decoder.trainable_weights
        self.optimizer.build(self.vae_weights)
        self.judge.build(self.discriminator.trainable_weights)

    def _objective(self, batch):
        logits = self.discriminator(batch.z)
        total_correlation = ops.mean(logits[:, 0] - logits[:, 1])
        return ops.mean(batch.reconstruction + batch.kl) + self.gamma * total_correlation

    def train_step(self, data):
        """A step of the VAE, then one of the discriminator."""
        x = data[0] if isinstance(data, tuple) else data
        ours, theirs = x[::2], x[1::2]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in self.vae_weights])
            loss = self.compute_loss(ours, y_pred=self(ours))
        self._apply(self.optimizer, tape, loss, self.vae_weights)

        z = self.draw(theirs)[2]
        order = ops.argsort(keras.random.uniform(ops.shape(z), seed=self.noise), axis=0)
        shuffled = ops.take_along_axis(z, order, axis=0)
        classes = ops.repeat(ops.arange(2), self.batch_size)
        weights = self.discriminator.trainable_weights
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in weights])
            logits = self.discriminator(ops.concatenate([z, shuffled]))
            judged = ops.mean(
                ops.sparse_categorical_crossentropy(classes, logits, from_logits=True)
            )
        self._apply(self.judge, tape, judged, weights)
        self._loss_tracker.update_state(loss)
        return {"loss": self._loss_tracker.result(), "discriminator": judged}

    def _apply(self, optimizer, tape, loss, weights):
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        optimizer.apply_gradients(zip(gradients, weights, strict=True))

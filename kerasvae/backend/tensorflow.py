"""The training steps on TensorFlow."""

import keras
import tensorflow as tf

from kerasvae.training.players import Players


def replicas():
    """Devices that share a step: 1, unless a tf.distribute strategy is at work."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def share(loss):
    """A replica's share of the loss: optimizers add up the gradients of all replicas."""
    return loss / replicas()


def apply_if_finite(optimizer, loss, gradients, variables):
    """Apply an update, unless the loss that it comes from is NaN or infinite.

    Under a tf.distribute strategy it is always applied: the devices must meet to add up gradients,
    and TensorFlow lets them do so in no branch. Training still stops, but too late.
    """

    def update():
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return True

    if tf.distribute.has_strategy():
        update()
    else:
        tf.cond(tf.math.is_finite(loss), update, lambda: False)


class TrainStep:
    """Keras's own step, except that an update whose loss is not finite is left out."""

    def train_step(self, data):
        """Train on one batch and return the running means of the metrics."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs, sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(share(loss))
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])

        weights = self.trainable_weights
        gradients = tape.gradient(scaled_loss, weights)
        if not self.optimizer.built:  # variables cannot be made inside tf.cond
            self.optimizer.build(weights)

        apply_if_finite(self.optimizer, loss, gradients, weights)
        return self.get_metrics_result()


class PlayersStep(Players):
    """One step of each player in turn, each with its own tape; see `kerasvae.training.players`."""

    def train_step(self, data):
        """Train every player on one batch and return the running means of the metrics."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse_targets(y, sample_weight)
        if not self.optimizer.built:  # variables cannot be made inside tf.cond
            self.optimizer.build(self.trainable_variables)
        self.step.assign_add(1)
        batches, shown = self.player_batches(x), None
        turns = zip(self.players().items(), self.optimizer.optimizers, strict=True)
        for (name, player), optimizer in turns:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([variable.value for variable in player.variables])
                loss = player.loss(batches[name], training=True)
                shared_loss = share(loss)
            gradients = tape.gradient(
                shared_loss, [variable.value for variable in player.variables]
            )
            apply_if_finite(optimizer, loss, gradients, player.variables)
            shown = loss if shown is None else shown
        self._loss_tracker.update_state(shown, sample_weight=tf.shape(x)[0])
        return self.get_metrics_result()

"""The training step on TensorFlow."""

import keras
import tensorflow as tf


class TrainStep:
    """Keras's own step, except that an update whose loss is not finite is left out."""

    def train_step(self, data):
        """Train on one batch and return the running means of the metrics."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs, sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])

        weights = self.trainable_weights
        gradients = tape.gradient(scaled_loss, weights)
        if not self.optimizer.built:  # variables cannot be made inside tf.cond
            self.optimizer.build(weights)

        def update():
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
            return True

        tf.cond(tf.math.is_finite(loss), update, lambda: False)
        return self.get_metrics_result()

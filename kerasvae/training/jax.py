"""The training step on JAX."""

import jax
import jax.numpy as jnp
import keras


class TrainStep:
    """Keras's own step, except that an update whose loss is not finite is left out."""

    def train_step(self, state, data):
        """Train on one batch: (metrics, new state) of Keras's stateless trainer."""
        weights, others, optimizer, metrics = state
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        loss_and_gradients = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, updates), gradients = loss_and_gradients(
            weights,
            others,
            metrics,
            x,
            y,
            sample_weight,
            training=True,
            optimizer_variables=optimizer,
        )
        loss, outputs, others, metrics = updates

        def update(weights, optimizer):
            new = self.optimizer.stateless_apply(optimizer, gradients, weights)
            return tuple(map(list, new))

        # A branch and not jnp.where: selecting every weight anew costs a third of an MLP's step.
        weights, optimizer = jax.lax.cond(
            jnp.isfinite(loss), update, lambda *old: old, list(weights), list(optimizer)
        )
        logs, metrics = self._update_metrics_variables(metrics, loss, x, y, outputs, sample_weight)
        return logs, (weights, others, optimizer, metrics)

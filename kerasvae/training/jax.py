"""The training step on JAX."""

import jax
import jax.numpy as jnp


class TrainStep:
    """Keras's own step, except that an update whose loss is not finite is left out."""

    def train_step(self, state, data):
        """Train on one batch: (metrics, new state) of Keras's stateless trainer."""
        logs, new_state = super().train_step(state, data)
        finite = jnp.isfinite(logs["loss"])

        def keep(new, old):
            return jax.tree.map(lambda n, o: jnp.where(finite, n, o), new, old)

        weights, others, optimizer, metrics = new_state
        old_weights, _, old_optimizer, _ = state
        return logs, (keep(weights, old_weights), others, keep(optimizer, old_optimizer), metrics)

"""The training steps on JAX."""

import jax
import jax.numpy as jnp
import keras

from kerasvae.training.players import Players


def apply_if_finite(optimizer, loss, gradients, weights, state):
    """New weights and state of the optimizer; the old ones if the loss is NaN or infinite."""

    def update(weights, state):
        new = optimizer.stateless_apply(state, gradients, weights)
        return tuple(map(list, new))

    # A branch and not jnp.where: selecting every weight anew costs a third of an MLP's step.
    return jax.lax.cond(jnp.isfinite(loss), update, lambda *old: old, list(weights), list(state))


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

        weights, optimizer = apply_if_finite(self.optimizer, loss, gradients, weights, optimizer)
        logs, metrics = self._update_metrics_variables(metrics, loss, x, y, outputs, sample_weight)
        return logs, (weights, others, optimizer, metrics)


class PlayersStep(Players):
    """One step of each player in turn, each with its own gradient; see `kerasvae.training.players`.

    Keras hands the step its state as plain arrays. A table holds the newest array of every
    variable; each player's loss runs in a scope that reads the table, is differentiated in that
    player's own variables, and its results go back into the table.
    """

    def train_step(self, state, data):
        """Train every player on one batch: (metrics, new state) of Keras's stateless trainer."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse_targets(y, sample_weight)
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        table = Table(groups, state)
        side = [*groups[1], *groups[3]]  # random state, step, batch statistics, metrics
        with keras.StatelessScope(table.mapping()) as scope:
            self.step.assign_add(1)
            table.write([self.step], [scope.get_current_value(self.step)])
        batches, shown = self.player_batches(x), None
        turns = zip(self.players().items(), self.optimizer.optimizers, strict=True)
        for (name, player), optimizer in turns:
            frozen, batch = table.mapping(), batches[name]

            def run(own, player=player, frozen=frozen, batch=batch):
                mapping = [*frozen, *zip(player.variables, own, strict=True)]
                with keras.StatelessScope(mapping) as scope:
                    loss = player.loss(batch, training=True)
                return loss, [scope.get_current_value(variable) for variable in side]

            own = table.read(player.variables)
            (loss, new_side), gradients = jax.value_and_grad(run, has_aux=True)(own)
            table.write(side, new_side)
            new, optimizer_state = apply_if_finite(
                optimizer, loss, gradients, own, table.read(optimizer.variables)
            )
            table.write(player.variables, new)
            table.write(optimizer.variables, optimizer_state)
            shown = loss if shown is None else shown
        with keras.StatelessScope(table.mapping()) as scope:
            self._loss_tracker.update_state(shown, sample_weight=x.shape[0])
            table.write(groups[3], [scope.get_current_value(v) for v in groups[3]])
            logs = self.get_metrics_result()
        return logs, tuple(table.read(group) for group in groups)


class Table:
    """The newest array of every variable.

    Args:
        groups: lists of variables.
        state: lists of their arrays.
    """

    def __init__(self, groups, state):
        self.variables = [variable for group in groups for variable in group]
        self.values = {}
        for group, arrays in zip(groups, state, strict=True):
            self.write(group, arrays)

    def read(self, variables):
        """Their arrays."""
        return [self.values[id(variable)] for variable in variables]

    def write(self, variables, arrays):
        """Their new arrays."""
        for variable, array in zip(variables, arrays, strict=True):
            self.values[id(variable)] = array

    def mapping(self):
        """Pairs of a variable and its array, for keras.StatelessScope."""
        return list(zip(self.variables, self.read(self.variables), strict=True))

"""kerasvae on JAX."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax
import jax.interpreters.xla
import jax.numpy as jnp
import keras
from jax._src import core

from kerasvae.backend.limits import MAX_UPDATE
from kerasvae.backend.scan import scanned_steps
from kerasvae.backend.state import state_groups
from kerasvae.backend.vmapped import train_members

# TFP 0.25 reads a table that newer versions of JAX keep in a private module only.
if not hasattr(jax.interpreters.xla, "pytype_aval_mappings"):
    jax.interpreters.xla.pytype_aval_mappings = core.pytype_aval_mappings
from tensorflow_probability.substrates import jax as tfp  # noqa: E402

# Whether Keras carries the metrics of a layer through the forward pass: keras-team/keras issue
# 21639.
LAYERS_HAVE_METRICS = False

__all__ = [
    "LAYERS_HAVE_METRICS",
    "TrainStep",
    "compiled",
    "data_parallel",
    "jit",
    "materialised",
    "scanned_steps",
    "tfp",
    "tfp_seed",
    "train_members",
]

# Compiles a function of tensors with XLA; see `kerasvae.backend.tensorflow.jit`.
jit = jax.jit
# Compiles a function of a batch; see `kerasvae.backend.tensorflow.compiled`. It is compiled anew
# for a last batch that is smaller.
compiled = jax.jit


def tfp_seed(generator):
    """The next seed of a keras.random.SeedGenerator, in the form that TFP takes.

    Args:
        generator: a keras.random.SeedGenerator; its state advances.

    Returns:
        A (2,) uint32 array.
    """
    return keras.ops.cast(generator.next(), "uint32")


def materialised(x):
    """The same numbers, computed once before they are combined in pairs.

    XLA for processors copies cheap operations into every loop that reads their result: a code's
    noise (a polynomial) would be computed again for each of B x B pairs, three times a step. It
    drops `jax.lax.optimization_barrier` before it does so, and copies no matrix product. Other
    devices get the tensor as it is.

    Args:
        x: (n, D) finite floats. A row with a NaN or an infinity becomes NaN as a whole.

    Returns:
        (n, D), on a processor x times the identity.
    """
    if jax.default_backend() != "cpu":
        return x
    return jnp.matmul(x, jnp.eye(x.shape[1], dtype=x.dtype), precision="highest")


@contextmanager
def data_parallel(devices: list[str]) -> Iterator[None]:
    """Models that are built or loaded, compiled and trained in this context share every batch.

    Make the optimizer in the context too: its variables belong on the same devices. A step
    (keras.distribution.DataParallel) is computed as on one device: estimates of a batch as a
    whole see the global batch, and the numbers are those of one device.

    Args:
        devices: their names; with a single one nothing changes.
    """
    if len(devices) == 1:
        yield
        return
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


class TrainStep:
    """The training step of every model: each player in turn, with its own gradient.

    A player is described in `kerasvae.training.players`; a VAE is a game of one. An update that
    is not finite is left out, and the loss is shown as NaN, so that the guard stops the training.

    Keras hands the step its state as plain arrays. A table holds the newest array of every
    variable; each player's loss runs in a scope that reads the table, is differentiated in that
    player's own variables, and its results go back into the table.
    """

    def train_step(self, state, data):
        """Train every player on one batch: (metrics, new state) of Keras's stateless trainer."""
        x = self.images_of(data)
        groups = state_groups(self)
        table = Table(groups, state)
        side = [*groups[1], *groups[3]]  # random state, step, batch statistics, metrics
        shown = None
        for player, optimizer, images in self.turns(x):
            loss, applied = _turn(table, side, player, optimizer, images)
            loss = jnp.where(applied, loss, jnp.nan)
            # The first player's loss is the model's; a NaN of any player shows.
            shown = loss if shown is None else shown + 0.0 * loss
        with keras.StatelessScope(table.mapping()) as scope:
            self.step.assign_add(1)
            self._loss_tracker.update_state(shown, sample_weight=_count(x))
            logs = self.get_metrics_result()
        table.update(side, scope)
        return logs, tuple(table.read(group) for group in groups)

    def test_step(self, state, data):
        """Judge one batch: (metrics, new state) of Keras's stateless trainer."""
        x = self.images_of(data)
        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        table = Table(groups, state)
        with keras.StatelessScope(table.mapping(), collect_losses=True) as scope:
            losses = [player.total_loss(x, training=False) for player in self.players().values()]
            self._loss_tracker.update_state(losses[0], sample_weight=_count(x))
            logs = self.get_metrics_result()
        table.update([*groups[1], *groups[2]], scope)
        return logs, tuple(table.read(group) for group in groups)


def _count(x):
    """Images, or pairs of them, in a batch; pairs may come with what changed."""
    return keras.tree.flatten(x)[0].shape[0]


def _turn(table, side, player, optimizer, images):
    """Differentiate one player's loss and update the table: (its loss, whether it was applied)."""
    frozen = table.mapping()

    def run(own):
        mapping = [*frozen, *zip(player.variables, own, strict=True)]
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            loss = player.total_loss(images, training=True)
            scaled_loss = optimizer.scale_loss(loss)
        return scaled_loss, (loss, [scope.get_current_value(variable) for variable in side])

    own = table.read(player.variables)
    (_, (loss, new_side)), gradients = jax.value_and_grad(run, has_aux=True)(own)
    table.write(side, new_side)
    new, optimizer_state, applied = _apply_if_finite(
        optimizer, loss, gradients, own, table.read(optimizer.variables)
    )
    table.write(player.variables, new)
    table.write(optimizer.variables, optimizer_state)
    return loss, applied


def _apply_if_finite(optimizer, loss, gradients, weights, state):
    """New weights and optimizer state, if all that is written is finite; the old ones if not."""

    def update(weights, state):
        new = optimizer.stateless_apply(state, gradients, weights)
        return tuple(map(list, new))

    finite = jnp.isfinite(loss) & _is_finite_update(optimizer, gradients, state)
    old = (list(weights), list(state))
    if jax.default_backend() == "cpu":
        # A branch: selecting every weight anew costs a third of an MLP's step.
        new, state = jax.lax.cond(finite, update, lambda *old: old, *old)
    else:
        # A choice: for a branch the processor would wait for the device in every step.
        new, state = jax.tree.map(lambda *two: jnp.where(finite, *two), update(*old), old)
    return new, state, finite


def _is_finite_update(optimizer, gradients, state):
    """Whether the gradients, their squares, and a step of the learning rate along them, are."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return True  # it looks at the scaled gradients itself, and lowers its scale
    with keras.StatelessScope(list(zip(optimizer.variables, state, strict=True))):
        rate = jnp.asarray(keras.ops.convert_to_tensor(optimizer.learning_rate), "float32")
    return rate * jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients)) < MAX_UPDATE


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

    def update(self, variables, scope):
        """Their new arrays, from a keras.StatelessScope that has ended."""
        self.write(variables, [scope.get_current_value(variable) for variable in variables])

    def mapping(self):
        """Pairs of a variable and its array, for keras.StatelessScope."""
        return list(zip(self.variables, self.read(self.variables), strict=True))

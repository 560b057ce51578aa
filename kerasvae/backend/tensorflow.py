"""kerasvae on TensorFlow."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from kerasvae.backend.in_turn import train_members
from kerasvae.backend.limits import MAX_UPDATE
from kerasvae.backend.loop import scanned_steps

# Whether Keras carries the metrics of a layer through the forward pass.
LAYERS_HAVE_METRICS = True

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


def tfp_seed(generator):
    """The next seed of a keras.random.SeedGenerator, in the form that TFP takes.

    On several devices, which all keep the same state, each gets a seed of its own.

    Args:
        generator: a keras.random.SeedGenerator; its state advances.

    Returns:
        A (2,) int32 tensor.
    """
    device = tf.distribute.get_replica_context()
    number = 0 if device is None else device.replica_id_in_sync_group
    return keras.ops.cast(generator.next(), "int32") + keras.ops.cast(number, "int32")


def jit(fn: Callable) -> Callable:
    """Compile a function of tensors with XLA.

    Without XLA, TensorFlow writes every intermediate array of a long elementwise expression to
    memory, which makes surgery's inner loop seven times slower on a processor too.

    Args:
        fn: a function of tensors built from `keras.ops`, without side effects. It is compiled
            anew for every new set of shapes: callers that stream over data pad the last block.

    Returns:
        A function with the same arguments and results.
    """
    return functools.wraps(fn)(tf.function(fn, jit_compile=True))


def compiled(fn: Callable) -> Callable:
    """Compile a function of a batch that is mostly a network, for any number of images.

    Not with XLA, whose convolutions are slow on a processor.

    Args:
        fn: a function of tensors or arrays, without side effects.

    Returns:
        A function with the same arguments and results.
    """
    return tf.function(fn, reduce_retracing=True)


def materialised(x):
    """The same tensor; see `kerasvae.backend.jax.materialised`. TensorFlow keeps every result."""
    return x


@contextmanager
def data_parallel(devices: list[str]) -> Iterator[None]:
    """Models that are built or loaded, compiled and trained in this context share every batch.

    Make the optimizer in the context too: its variables belong on the same devices.

    Each device (MirroredStrategy) computes estimates of a batch as a whole (total correlation,
    moments, MMD, capacity) from its own part of the batch, and the gradients are averaged: with a
    global batch of B on n devices they are those of a batch of B / n. Terms of single images
    (reconstruction, kl, density ratio) are those of one device.

    Args:
        devices: their names; with a single one nothing changes.
    """
    if len(devices) == 1:
        yield
        return
    # Not by collective operations: the reductions of two players get in each other's way.
    reduction = tf.distribute.ReductionToOneDevice()
    with tf.distribute.MirroredStrategy(devices, reduction).scope():
        yield


class TrainStep:
    """The training step of every model: each player in turn, with its own gradient.

    A player is described in `kerasvae.training.players`; a VAE is a game of one. An update that
    is not finite is left out, and the loss is shown as NaN, so that the guard stops the training.
    """

    def train_step(self, data):
        """Train every player on one batch and return the running means of the metrics."""
        x = self.images_of(data)
        # Where a stream ends, TensorFlow still runs what does not wait for its batch: the step
        # would be counted, and random states would move on.
        with tf.control_dependencies(keras.tree.flatten(x)):
            return self._train_step(x)

    def _train_step(self, x):
        if not self.optimizer.built:  # variables cannot be made inside tf.cond
            self.optimizer.build(self.trainable_variables)
        shown = None
        for player, optimizer, images in self.turns(x):
            values = [variable.value for variable in player.variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss = player.total_loss(images, training=True)
                scaled_loss = optimizer.scale_loss(_share(loss))
            gradients = tape.gradient(scaled_loss, values)
            applied = _apply_if_finite(optimizer, loss, gradients, player.variables)
            loss = tf.where(applied, loss, float("nan"))
            # The first player's loss is the model's; a NaN of any player shows.
            shown = loss if shown is None else shown + 0.0 * loss
        self.step.assign_add(1)
        self._loss_tracker.update_state(shown, sample_weight=_count(x))
        return self.get_metrics_result()

    def test_step(self, data):
        """Judge one batch and return the running means of the metrics."""
        x = self.images_of(data)
        with tf.control_dependencies(keras.tree.flatten(x)):
            losses = [player.total_loss(x, training=False) for player in self.players().values()]
            self._loss_tracker.update_state(losses[0], sample_weight=_count(x))
            return self.get_metrics_result()


def _count(x):
    """Images, or pairs of them, in a batch; pairs may come with what changed."""
    return tf.shape(keras.tree.flatten(x)[0])[0]


def _share(loss):
    """A device's share of the loss: optimizers add up the gradients of all devices."""
    return loss / tf.distribute.get_strategy().num_replicas_in_sync


def _apply_if_finite(optimizer, loss, gradients, variables):
    """Apply an update if all that it writes is finite; returns whether it did.

    Under a tf.distribute strategy it is always applied: the devices must meet to add up gradients,
    and TensorFlow lets them do so in no branch. Training still stops, but too late.
    """

    def update():
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return True

    finite = tf.math.is_finite(loss) & _is_finite_update(optimizer, gradients)
    if tf.distribute.has_strategy():
        update()
    else:
        tf.cond(finite, update, lambda: False)
    return finite


def _is_finite_update(optimizer, gradients):
    """Whether the gradients, their squares, and a step of the learning rate along them, are."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return True  # it looks at the scaled gradients itself, and lowers its scale
    squares = [2.0 * tf.nn.l2_loss(tf.convert_to_tensor(g)) for g in gradients if g is not None]
    norm = tf.sqrt(tf.add_n(squares)) if squares else tf.constant(0.0)
    return tf.cast(optimizer.learning_rate, "float32") * norm < MAX_UPDATE

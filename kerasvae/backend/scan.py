"""Many training steps as one program on JAX, from images that lie on the device.

Keras 3.15 runs `steps_per_execution` steps on JAX one after the other, each from its own batch in
the processor's memory. Keras's own `lax.scan` (its pull request 23527) can replace this file's
loop when a release has it; the images on the device stay ours.
"""

import jax
import keras

from kerasvae.backend.resident import as_images, next_steps, stored_for_many_steps

# The part of the device's memory that images may take.
SHARE = 0.5


def scanned_steps(model, images):
    """What Keras's `fit` calls in place of single steps, or None where that does not apply.

    It needs images that are in memory or can be drawn into it, `steps_per_execution` above 1,
    compiled steps and one device.

    Args:
        model: a compiled model of this package.
        images: a `kerasvae.data.ImageSource`.

    Returns:
        A `ScannedSteps` or None.
    """
    if not model.jit_compile or keras.distribution.distribution() is not None:
        return None
    source = stored_for_many_steps(model, images)
    if source is None or not fits_on_device(source):
        return None
    return ScannedSteps(model, source)


def fits_on_device(source) -> bool:
    """Whether a `kerasvae.data.images.Stored` takes no more than its share of the memory."""
    memory = (jax.devices()[0].memory_stats() or {}).get("bytes_limit")
    return memory is None or source.rows.nbytes <= SHARE * memory


class ScannedSteps:
    """A train function for Keras: batches of indices in, `steps_per_execution` steps as one scan.

    Args:
        model: whose train_step runs.
        source: a `kerasvae.data.images.Stored`; it is put on the device here, once.
    """

    def __init__(self, model, source):
        self.length = model.steps_per_execution
        self.rows = jax.device_put(source.rows)

        def run(state, rows, indices):
            def step(state, chosen):
                images = as_images(rows[chosen], source)
                logs, state = model.train_step(state, (images,))
                return state, logs

            state, logs = jax.lax.scan(step, state, indices)  # indices (steps, batch)
            return jax.tree.map(lambda values: values[-1], logs), state

        self._run = jax.jit(run, donate_argnums=0)

    def __call__(self, state, iterator):
        """(logs, state) after the next steps: fewer than `length` at the end of an epoch."""
        for indices in next_steps(iterator, self.length):
            logs, state = self._run(state, self.rows, indices)
        return logs, state

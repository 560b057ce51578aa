"""Many training steps as one program on TensorFlow, from images that lie on the device.

Each of the `steps_per_execution` steps of Keras takes its batch from a queue. A loop over the rows
of one tensor needs no queue; `benchmarks/feeding.py` measures both.
"""

import tensorflow as tf

from kerasvae.backend.resident import as_images, next_steps, stored_for_many_steps

# Bytes of images that are put on a device: TensorFlow does not say how much memory one has.
MOST_BYTES = 2**31


def scanned_steps(model, images):
    """See `kerasvae.backend.scan.scanned_steps`; here the steps are one `tf.while_loop`."""
    if is_spread(model):
        return None
    source = stored_for_many_steps(model, images)
    if source is None or not fits_on_device(source):
        return None
    return ScannedSteps(model, source)


def fits_on_device(source) -> bool:
    """Whether a `kerasvae.data.images.Stored` is small enough to be put on the device."""
    return source.rows.nbytes <= MOST_BYTES


def is_spread(model) -> bool:
    """Whether a model's steps run on several devices."""
    return model.distribute_strategy.num_replicas_in_sync > 1


class ScannedSteps:
    """A train function for Keras: batches of indices in, `steps_per_execution` steps as one loop.

    Args:
        model: whose train_step runs.
        source: a `kerasvae.data.images.Stored`; it is put on the device here, once.
    """

    def __init__(self, model, source):
        self.length = model.steps_per_execution
        self._run = looped_steps(model, source)

    def __call__(self, iterator):
        """The logs after the next steps: fewer than `length` at the end of an epoch."""
        for indices in next_steps(iterator, self.length):
            logs = self._run(indices)
        return logs


def looped_steps(model, source):
    """A function that runs many steps of a model.

    Args:
        model: compiled, with a built optimizer.
        source: a `kerasvae.data.images.Stored` that is put on the device here, or None.

    Returns:
        A function of a nest of arrays (steps, batch, ...): indices of images with a source, images
        without one. Its result are the logs of the last step.
    """
    rows = None if source is None else tf.convert_to_tensor(source.rows)

    def step(data):
        if source is not None:
            data = as_images(tf.gather(rows, data), source)
        return model.train_step(data)

    def run(data):
        def body(number, logs):
            return number + 1, step(tf.nest.map_structure(lambda part: part[number], data))

        steps = tf.shape(tf.nest.flatten(data)[0])[0]
        start = (tf.constant(0), model.get_metrics_result())
        return tf.while_loop(lambda number, _: number < steps, body, start)[1]

    if model.run_eagerly:
        return run
    # Of any number of steps and images: a batch of another size is not traced anew.
    signature = tf.TensorSpec((None, None), "int32")
    return tf.function(
        run, autograph=False, input_signature=None if source is None else [signature],
        reduce_retracing=True,
    )  # fmt: skip

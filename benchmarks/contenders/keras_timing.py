"""How a Keras contender is timed: inside fit, step by step, after the pipeline has started."""

import os

import keras
import numpy as np

from contenders import Clock, Timing, Trainable

# Steps at the start of every fit that are not timed: the input pipeline fills its buffers.
WARM_UP = 4


class Stopwatch(keras.callbacks.Callback):
    """The time from the end of step WARM_UP to the end of the last step."""

    # Reading the loss below waits for the device; run beside the training, this holds up nothing.
    async_safe = True

    def __init__(self, steps):
        super().__init__()
        self.ends = {}
        self.watched = (WARM_UP - 1, WARM_UP + steps - 1)

    def on_train_batch_end(self, batch, logs=None):
        """Note when two steps have really ended."""
        if batch in self.watched:
            np.asarray(logs["loss"])
            self.ends[batch] = Clock.now()


def trainable(model, make_data, **fit_arguments) -> Trainable:
    """A compiled Keras model that trains on what `make_data(steps)` returns for so many steps."""

    def run(steps):
        watch = Stopwatch(steps)
        data = make_data(WARM_UP + steps)
        history = model.fit(data, verbose=0, callbacks=[watch], **fit_arguments).history
        begin, end = (watch.ends[batch] for batch in watch.watched)
        return Timing(end.since(begin), history["loss"][-1])

    parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return Trainable(run, parameters, _runs_on(model))


def _runs_on(model) -> str:
    backend = keras.backend.backend()
    version = __import__(backend).__version__
    gpu = any(device.startswith(("gpu", "cuda")) for device in keras.distribution.list_devices())
    device = "GPU" if gpu else f"CPU, {os.cpu_count()} cores"
    xla = "with XLA" if model.jit_compile else "without XLA"
    return f"keras {keras.__version__}, {backend} {version} {xla}, {device}"

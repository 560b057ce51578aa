"""Train a run in chunks of steps, with checkpoints from which it goes on bit for bit.

What the next step does depends on the weights, the optimizer, the step's number and the state of
the random draws, all in model.keras, and on the batch, which the data set's stream makes from the
step's number. Rows of the history are means over chunks that begin at multiples of `log_every`.
So a run that was killed and resumed ends with the files of one that was not.
"""

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from kerasvae.backend import data_parallel
from kerasvae.checks import check_positive_int
from kerasvae.runs import history, locks
from kerasvae.runs.pairs import training_images
from kerasvae.runs.run import check_finite
from kerasvae.runs.schema import check_config


def train(run, dataset, callbacks=()):
    """Train a run from its last checkpoint, or from the start, to its last step.

    A first interrupt (Ctrl-C, or SIGTERM) ends the training with a checkpoint as soon as the
    chunk of `log_every` steps is done, a second one at once.

    Args:
        run: a `kerasvae.runs.Run`.
        dataset: its images.
        callbacks: further Keras callbacks; an epoch of theirs is a chunk.

    Returns:
        The model, and the number of steps that it has taken: fewer than the run's if interrupted.

    Raises:
        FloatingPointError: a term or a weight became NaN; the last checkpoint is good.
        InUseError: another process trains this run, or has replaced it.
    """
    settings = check_config(run.config)["training"]
    devices = check_devices(settings["devices"], settings["batch_size"])
    with locks.hold(run.folder, locks.TRAINING):
        run.check_unchanged()
        run.remove_leftovers()
        return _train(run, dataset, devices, callbacks)


def _train(run, dataset, devices, callbacks):
    """`train`, while this process holds the run's lock."""
    with data_parallel(devices):
        model, recorder = opened(run)
        model.steps_per_execution = steps_at_once(devices, run.config["training"]["log_every"])
        callbacks = [recorder, *callbacks]
        with graceful_interrupt(recorder):
            _fit(run, model, dataset, callbacks, recorder)
        if recorder.step > recorder.saved:
            run.save_model(model)
    # What was trained on several devices lives on all of them; the file does not.
    return model if len(devices) == 1 else run.load_model(), recorder.step


def opened(run):
    """The model of a run as of its last checkpoint, or new, and what records its training."""
    model = run.load_model() if run.path("model.keras").is_file() else run.build_model()
    step, rows = model.steps_taken, run.read_history()
    history.check_columns(run.path(history.FILE), rows, model.term_names)
    run.write_json("config.json", run.config)  # it may be asked for more steps than before
    rows = [row for row in rows if row["step"] <= step]
    history.write_history(run.path(history.FILE), rows)
    return model, Recorder(run, step, run.config["training"])


def _fit(run, model, dataset, callbacks, recorder):
    """Fit chunk by chunk, up to the run's last step or an interrupt."""
    settings = run.config["training"]
    images = training_images(run.config["model"], dataset, settings)
    for start, length, count in chunks(recorder.step, settings["steps"], settings["log_every"]):
        if recorder.interrupted:
            break
        batches = images.keras_dataset(
            settings["batch_size"],
            seed=run.config["arguments"]["seed"],
            first_step=start,
            steps_per_epoch=length,
        )
        epoch = start // settings["log_every"]
        model.fit(
            batches, initial_epoch=epoch, epochs=epoch + count, verbose=0, callbacks=callbacks
        )


def check_devices(count: int, batch_size: int) -> list[str]:
    """The first devices of this machine, if there are so many and the batch can be shared out.

    Args:
        count: how many.
        batch_size: images in a step, of all devices together.

    Returns:
        Their names, for instance ["gpu:0", "gpu:1"].

    Raises:
        ValueError: fewer devices, or a batch that leaves a remainder.
    """
    available = keras.distribution.list_devices()
    if check_positive_int("devices", count) > len(available):
        raise ValueError(
            f"devices: this machine has {len(available)} for {keras.backend.backend()}: "
            f"{', '.join(available)}. Received: devices={count}"
        )
    if batch_size % count:
        raise ValueError(
            f"batch_size must be a multiple of devices, so that each gets as many images. "
            f"Received: batch_size={batch_size}, devices={count}"
        )
    return available[:count]


def steps_at_once(devices: list[str], log_every: int) -> int:
    """Steps that are one call of the device: many on one accelerator, else one.

    Args:
        devices: names of those that train.
        log_every: steps in a chunk.

    Returns:
        At most 1,000, after which callbacks and the guard look at the training.

    Example:
        >>> steps_at_once(["cpu:0"], 500)
        1
    """
    if len(devices) > 1 or devices[0].startswith("cpu"):
        return 1
    return min(log_every, 1000)


def chunks(start: int, stop: int, length: int) -> list[tuple[int, int, int]]:
    """Cut the steps start..stop into chunks that begin at multiples of `length`.

    Returns:
        (first step, steps in a chunk, number of such chunks) of each stretch of equal chunks.

    Example:
        >>> chunks(0, 250, 100)
        [(0, 100, 2), (200, 50, 1)]
        >>> chunks(250, 400, 100)
        [(250, 50, 1), (300, 100, 1)]
    """
    first = min(math.ceil(start / length) * length, stop)
    last = max(stop // length * length, first)
    stretches = [
        (start, first - start, 1),
        (first, length, (last - first) // length),
        (last, stop - last, 1),
    ]
    return [stretch for stretch in stretches if stretch[1] > 0 and stretch[2] > 0]


class Recorder(keras.callbacks.Callback):
    """Appends a row to history.csv after each chunk, and writes a checkpoint when one is due.

    A diverged training leaves neither: its row and its weights would replace good ones.

    Args:
        run: a `kerasvae.runs.Run`.
        step: steps taken so far.
        settings: with `log_every` and `checkpoint_every`.
    """

    def __init__(self, run, step: int, settings: dict):
        super().__init__()
        self.run = run
        self.step = self.saved = step
        self.settings = settings
        self.interrupted = False

    def on_epoch_end(self, epoch, logs=None):
        """Record a chunk; the row comes first, so that every checkpoint has its rows."""
        self.step += self.params["steps"]
        model = self.model  # on JAX this copies the training's state into the model
        row = {name: float(logs[name]) for name in ("loss", *model.term_names)}
        self._check_finite(model, row)
        history.append_row(self.run.path(history.FILE), {"step": self.step, **row})
        every = self.settings["checkpoint_every"]
        if self.interrupted or self.step // every > self.saved // every:
            self.run.save_model(model)
            self.saved = self.step
        if self.interrupted:
            model.stop_training = True

    def _check_finite(self, model, row):
        bad = [name for name, value in row.items() if not math.isfinite(value)]
        bad = [name for name in bad if name != "loss"] or bad
        try:
            if bad:
                raise FloatingPointError(f"{' and '.join(bad)} became NaN or infinite")
            check_finite(model)
        except FloatingPointError as error:
            kept = f"the checkpoint of step {self.saved:,}" if self.saved else "no checkpoint yet"
            raise FloatingPointError(
                f"Training stopped at step {self.step:,}: {error}. {self.run.folder} holds {kept}. "
                "Try a smaller learning rate, and look at the images for outliers."
            ) from error


@contextmanager
def graceful_interrupt(*recorders: Recorder) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM finish the chunk; the second one acts as ever."""
    before = {}

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number, frame):
        for recorder in recorders:
            recorder.interrupted = True
        restore()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        restore()

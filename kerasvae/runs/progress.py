"""The progress of a training on the console: a bar with the terms, or a line now and then."""

import time

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressDisplay(keras.callbacks.Callback):
    """A bar on a terminal; elsewhere a line at every tenth of the way.

    Args:
        console: where to show it.
        steps: step at which the training ends.
    """

    # Keras may run this callback beside the training step instead of waiting for the device.
    async_safe = True

    def __init__(self, console: Console, steps: int):
        super().__init__()
        self.console = console
        self.steps = steps
        self.term_names = ()
        self.chunk_start = 0  # the step at which Keras's epoch, a chunk of steps, began
        self.started = self.shown = time.monotonic()
        self.progress = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps  {task.fields[terms]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.progress.add_task("", total=steps, terms="compiling")

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *error):
        self.progress.stop()

    def on_train_begin(self, logs=None):
        """Begin where the model stands."""
        model = self.model  # read once: on JAX it copies the training's state into the model
        self.chunk_start, self.term_names = model.steps_taken, model.term_names
        self.progress.update(self.task, completed=self.chunk_start)

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar, at most ten times a second."""
        now = time.monotonic()
        if self.console.is_terminal and now - self.shown > 0.1:
            self.shown = now
            self._show(self.chunk_start + batch + 1, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Move the bar, or print a line when another tenth of the way is behind."""
        before, self.chunk_start = self.chunk_start, self.chunk_start + self.params["steps"]
        self._show(self.chunk_start, logs)
        tenth = self.chunk_start * 10 // self.steps
        if not self.console.is_terminal and tenth > before * 10 // self.steps:
            seconds = time.monotonic() - self.started
            reached = f"step {self.chunk_start:,} of {self.steps:,}"
            line = f"{reached}  {self._terms(logs)}  {seconds:.0f} s"
            self.console.print(line, soft_wrap=True, markup=False)

    def _show(self, step, logs):
        self.progress.update(self.task, completed=step, terms=self._terms(logs))

    def _terms(self, logs):
        return "  ".join(f"{name} {float(logs[name]):.2f}" for name in self.term_names)

"""Batches of a data set for Keras: in order, or an endless shuffled stream that can be resumed."""

import threading

import keras
import numpy as np

from kerasvae.checks import check_count, check_positive_int


class ImageBatches(keras.utils.PyDataset):
    """Batches of images that any Keras `fit`, `evaluate` or `predict` takes.

    Without a seed the images come in order, each of them once, and the last batch may be smaller.
    With a seed they come as one endless stream: pass after pass, each a new permutation of all
    images, cut into batches without regard for where a pass ends, so every batch is full. Batch
    number t of that stream depends on (seed, t, batch_size, number of images) and on nothing
    else; a run that stopped after t steps goes on exactly where it was with `first_step=t`.

    An epoch is `steps_per_epoch` batches of the stream. Keras must not shuffle on top of it: pass
    `shuffle=False` to a bare `keras.Model.fit` (the models of this package do). Use one object
    for one training run; validation takes its own.

    Args:
        dataset: anything with `len(dataset)` and `dataset.images(indices)`.
        batch_size: images in a batch.
        seed: whole number of at least 0 for the shuffled stream, None for the images in order.
        first_step: number of the stream's batch that comes first (needs a seed).
        steps_per_epoch: batches in an epoch (needs a seed); default: as many as cover the
            images once.

    Raises:
        ValueError: a size that is not a positive whole number, or an option that needs a seed.

    Example:
        >>> from kerasvae.data import ImageDataset
        >>> images = ImageDataset(np.zeros((10, 8, 8, 1), "float32"))
        >>> [len(batch) for batch in ImageBatches(images, 4)]
        [4, 4, 2]
        >>> [len(batch) for batch in ImageBatches(images, 4, seed=0)]
        [4, 4, 4]
    """

    def __init__(
        self,
        dataset,
        batch_size: int,
        seed: int | None = None,
        first_step: int = 0,
        steps_per_epoch: int | None = None,
    ):
        # One worker: on TensorFlow, tf.data already runs __getitem__ in a thread of its own,
        # ahead of the training step. Keras' own pool adds a queue; with two workers on two cores
        # it gave half the batches per second of sets in memory, and reads across epochs.
        super().__init__(workers=1)
        self.dataset = dataset
        self.batch_size = check_positive_int("batch_size", batch_size)
        self.seed = None if seed is None else check_count("seed", seed)
        self.first_step = check_count("first_step", first_step)
        if seed is None and (first_step or steps_per_epoch is not None):
            raise ValueError(
                "first_step and steps_per_epoch are for the shuffled stream: give a seed. "
                f"Received: seed=None, first_step={first_step}, steps_per_epoch={steps_per_epoch}"
            )
        if steps_per_epoch is None:
            steps_per_epoch = -(-len(dataset) // self.batch_size)  # rounded up: all images
        self.steps_per_epoch = check_positive_int("steps_per_epoch", steps_per_epoch)
        self.gives_indices = False  # in place of images, to a step that has all images at hand
        self.epoch = 0
        self._begun = False  # on_epoch_begin was called and its on_epoch_end was not
        self._last_asked = False  # the epoch's last batch was asked for
        self._ends_seen = 0
        self._lock = threading.Lock()
        self._permutations: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __getitem__(self, index: int) -> np.ndarray:
        """Images of one batch of the current epoch, (batch, H, W, C) float32 in [0, 1]."""
        self._note(index)
        if self.gives_indices:
            return self.indices(index).astype(np.int32)
        return self.dataset.images(self.indices(index))

    def _note(self, index: int) -> None:
        """Refuse batches that are not there, and remember that the epoch's last was asked for."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} is outside of 0..{len(self) - 1}")
        if index == len(self) - 1:
            self._last_asked = True

    def step(self, index: int) -> int:
        """Number in the whole stream of batch `index` of the current epoch."""
        return self.first_step + self.epoch * self.steps_per_epoch + index

    def __iter__(self):
        """Yield the batches of one epoch; the next loop over this object is the next epoch."""
        for index in range(len(self)):
            yield self[index]
        self.epoch += 1

    def indices(self, index: int) -> np.ndarray:
        """Which images make up batch `index` of the current epoch, (batch,) int64."""
        count = len(self.dataset)
        if self.seed is None:
            start = index * self.batch_size
            return np.arange(start, min(start + self.batch_size, count))
        step = self.step(index)
        position, stop = step * self.batch_size, (step + 1) * self.batch_size
        parts = []
        while position < stop:
            number, offset = divmod(position, count)
            part = self._permutation(number)[offset : offset + stop - position]
            parts.append(part)
            position += len(part)
        return np.concatenate(parts)

    def _permutation(self, number: int) -> np.ndarray:
        """Order of the images in pass `number`; a batch needs at most the newest two again."""
        with self._lock:
            if number not in self._permutations:
                order = np.random.default_rng([self.seed, number]).permutation(len(self.dataset))
                kept = {n: p for n, p in self._permutations.items() if n == number - 1}
                self._permutations = {**kept, number: order}
            return self._permutations[number]

    def on_epoch_begin(self):
        """Called by Keras; see `on_epoch_end`."""
        self._begun = True

    def on_epoch_end(self):
        """Go on to the next epoch, if an epoch has really ended.

        Keras 3.15 calls this once before the first epoch too (`EpochIterator.reset`): on
        TensorFlow without an `on_epoch_begin`, on JAX after a batch or two that it only looked
        at to build the model. An epoch has ended when it began and its last batch was asked for.
        Where an epoch has no more batches than Keras looks at, only the order of the calls tells
        them apart: the first end of all is the one before training.
        """
        looked_at_only = self._ends_seen == 0 and len(self) <= 2
        if self._begun and self._last_asked and not looked_at_only:
            self.epoch += 1
        self._begun = self._last_asked = False
        self._ends_seen += 1

    def __repr__(self) -> str:
        order = "in order" if self.seed is None else f"shuffled, seed={self.seed}"
        return f"<{len(self)} batches of {self.batch_size} from {self.dataset!r}, {order}>"

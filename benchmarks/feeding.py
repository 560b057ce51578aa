"""What does a training step cost beside its arithmetic: queue, calls of an epoch, tracing?

The dense networks of the course (32x32 discs, batch 256, 8 steps an epoch) are trained in four
ways, in turn, over and over: from a queue of batches, a step a call; from the queue, an epoch a
call; from images on the device, an epoch a call (`steps_per_execution`); and as members of a
population, where tracing is shared. The last column is what a first epoch takes on top: tracing
and compiling. Ratios are of CPU time to the first row.

    python benchmarks/feeding.py
    KERAS_BACKEND=jax python benchmarks/feeding.py --objective vae
"""

import argparse
import math
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

import kerasvae as kv  # noqa: E402
from kerasvae.data import ImageDataset  # noqa: E402

SHAPE, D, BATCH, STEPS = (32, 32, 1), 6, 256, 8
OBJECTIVES = {"vae": (kv.VAE, {}), "beta-tcvae": (kv.BetaTCVAE, {"beta": 4.0})}
WAYS = ("queue, a step a call", "queue, an epoch a call", "on the device, an epoch a call",
        "member of a population")  # fmt: skip


class Drawn:
    """The same images, as pixels that nobody can put on a device: they come through the queue."""

    def __init__(self, images):
        self.images, self.shape = images, images.shape

    def __getitem__(self, indices):
        return self.images[indices]


def built(objective, steps):
    """A compiled model with the networks of chapters 5 to 14."""
    hidden = [
        keras.Sequential([layers.Dense(128, "relu"), layers.Dense(128, "relu")]) for _ in "xz"
    ]
    encoder = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), hidden[0], layers.Dense(2 * D)]
    )
    decoder = keras.Sequential(
        [keras.Input((D,)), hidden[1], layers.Dense(math.prod(SHAPE)), layers.Reshape(SHAPE)]
    )
    cls, weights = OBJECTIVES[objective]
    model = cls(SHAPE, D, encoder=encoder, decoder=decoder, seed=0, **weights)
    model.compile(keras.optimizers.Adam(3e-3), steps_per_execution=steps)
    return model


def trainings(objective, images):
    """{way: a function that trains its models for some epochs}, and how many models each has."""
    stored, drawn = ImageDataset(images), ImageDataset(Drawn(images))
    alone = {
        WAYS[0]: (built(objective, 1), drawn),
        WAYS[1]: (built(objective, STEPS), drawn),
        WAYS[2]: (built(objective, STEPS), stored),
    }
    found = {
        way: lambda epochs, model=model, data=data: model.fit(
            data, batch_size=BATCH, epochs=epochs, verbose=0
        )
        for way, (model, data) in alone.items()
    }
    together = [built(objective, STEPS) for _ in range(3)]
    found[WAYS[3]] = lambda epochs: kv.training.fit_population(
        together, stored, batch_size=BATCH, epochs=epochs
    )
    return found


def main():
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objective", choices=OBJECTIVES, default="vae")
    parser.add_argument("--epochs", type=int, default=30, help="of a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    discs = kv.data.load("discs")
    ways = trainings(options.objective, discs.images(range(len(discs))))
    count = {way: 3 if way == WAYS[3] else 1 for way in WAYS}
    first, steps = {}, {way: [] for way in WAYS}
    for way in WAYS:
        start = time.process_time()
        ways[way](1)
        first[way] = (time.process_time() - start) / count[way]
    for _ in range(options.rounds):
        for way in WAYS:
            # A population traces in each call: the difference of two lengths is what steps cost.
            spent = []
            for epochs in (1, 1 + options.epochs):
                start = time.process_time()
                ways[way](epochs)
                spent.append(time.process_time() - start)
            steps[way].append((spent[1] - spent[0]) / (options.epochs * STEPS * count[way]))
    title = (
        f"{options.objective}, dense, batch {BATCH}, {STEPS} steps an epoch, one thread, "
        f"{keras.backend.backend()}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    table = Table(title=title)
    for heading in ("training", "CPU ms/step", "ratio", "first epoch, CPU s a model"):
        table.add_column(heading, justify="left" if heading == "training" else "right")
    base = np.median(steps[WAYS[0]])
    for way in WAYS:
        cost = np.median(steps[way])
        table.add_row(way, f"{1000 * cost:.1f}", f"{cost / base:.2f}", f"{first[way]:.1f}")
    Console(width=None if os.isatty(1) else 110).print(table)


if __name__ == "__main__":
    main()

"""How many steps a second do many models take as one program, and how many one after the other?

Each row is a population of S models (beta-VAEs that differ in beta and seed), trained by
`kerasvae.training.fit_population` from images in the device's memory. S = 1 is the same program
with one member: what models trained one after the other reach. The clock begins after the first
epoch, which compiles. Nothing in the table is extrapolated: what was not run is not printed.

    KERAS_BACKEND=jax python benchmarks/population.py                    # made for a GPU
    KERAS_BACKEND=jax python benchmarks/population.py --members 1 4 --steps 5 --networks mlp
    python benchmarks/population.py --help
"""

import argparse
import json
import os
import time

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from kerasvae import BetaVAE  # noqa: E402
from kerasvae.data import ImageDataset, load  # noqa: E402
from kerasvae.training.population import train_population  # noqa: E402

HEADINGS = ("network", "members", "member steps/s", "of S = 1", "CPU ms/member step",
            "CPU, of S = 1", "first epoch, s")  # fmt: skip


def main():
    """Measure every network and size, and print the table."""
    options = _options()
    console = Console(width=None if os.isatty(1) else 120)
    console.print(f"{_device()}, keras {keras.__version__}; load before the start "
                  f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    images, _ = load("dsprites", image_size=options.image_size).sample(options.images, seed=0)
    rows = []
    for network in options.networks:
        for count in options.members:
            rows.append(measure(network, count, ImageDataset(images), options))
            console.print(json.dumps(rows[-1]))
    console.print(_table(rows, options))


class Clock(keras.callbacks.Callback):
    """When a member's epochs end, by the wall and in seconds of the processor."""

    needs_weights = False

    def __init__(self):
        super().__init__()
        self.walls, self.processor = [], []

    def on_epoch_end(self, epoch, logs=None):
        """Note both."""
        self.walls.append(time.perf_counter())
        self.processor.append(time.process_time())


def measure(network, count, images, options) -> dict:
    """Train a population; steps a second of all members together, after the first epoch."""
    models = []
    for number in range(count):
        side = options.image_size
        keras.utils.set_random_seed(number)
        model = BetaVAE((side, side, 1), 10, network, beta=1.0 + number, seed=number)
        model.compile()
        models.append(model)
    clocks = [Clock() for _ in models]
    begin = time.perf_counter()
    train_population(
        models, images, batch_size=options.batch_size, steps_per_epoch=options.steps,
        epochs=options.epochs + 1, callbacks=[[clock] for clock in clocks],
    )  # fmt: skip
    # As one program all members end their epochs together; in turn each takes its own time.
    together = keras.backend.backend() == "jax"
    timed = clocks[:1] if together else clocks
    steps = count * options.epochs * options.steps
    wall = sum(clock.walls[-1] - clock.walls[0] for clock in timed)
    processor = sum(clock.processor[-1] - clock.processor[0] for clock in timed)
    return {
        "network": network,
        "members": count,
        "steps_per_second": steps / wall,
        "cpu_ms": 1000 * processor / steps,
        "first_epoch": clocks[0].walls[0] - begin,
    }


def _table(rows, options) -> Table:
    title = f"beta-VAE, batch {options.batch_size}, {options.image_size}x{options.image_size}"
    table = Table(title=f"{title}, {options.epochs} x {options.steps} steps timed")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for row in rows:
        alone = [r for r in rows if r["network"] == row["network"] and r["members"] == 1]
        ratios = ["", ""]
        if alone:
            ratios = [
                f"{row[name] / alone[0][name]:.2f}" for name in ("steps_per_second", "cpu_ms")
            ]
        table.add_row(
            row["network"], str(row["members"]), f"{row['steps_per_second']:.1f}", ratios[0],
            f"{row['cpu_ms']:.1f}", ratios[1], f"{row['first_epoch']:.1f}",
        )  # fmt: skip
    return table


def _device() -> str:
    if keras.backend.backend() != "jax":
        return f"{keras.backend.backend()} on {', '.join(keras.distribution.list_devices())}"
    import jax

    return f"jax {jax.__version__} on {jax.devices()[0].device_kind}"


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--members", type=int, nargs="+", default=[1, 4, 16, 64], metavar="S")
    add("--networks", nargs="+", choices=["mlp", "burgess", "locatello"],
        default=["mlp", "burgess"])  # fmt: skip
    add("--steps", type=int, default=200, help="of an epoch: one call of the device on JAX")
    add("--epochs", type=int, default=3, help="that are timed, after a first one")
    add("--batch-size", type=int, default=64, help="images in a step of each member")
    add("--image-size", type=int, default=64)
    add("--images", type=int, default=4096)
    return parser.parse_args()


if __name__ == "__main__":
    main()

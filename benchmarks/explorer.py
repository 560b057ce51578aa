"""How long does the latent explorer take to answer a slider?

A burgess model of 64x64 images with new weights (the time does not depend on them), rendered
dSprites, and a slider that moves: from the new value to the decoded image, encoded as PNG, which
the page gets first, and to all traversals. Then the same for choosing an image, which is encoded
before. The way to the page and its drawing are not in it.

    python benchmarks/explorer.py              # half a minute on two idle cores
    KERAS_BACKEND=jax python benchmarks/explorer.py   # the other backend
    python benchmarks/explorer.py --help
"""

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

import kerasvae  # noqa: E402
from kerasvae.widgets import LatentExplorer  # noqa: E402

LIMIT = 100.0  # milliseconds that an update may take


def main():
    """Print a row for each kind of update."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 120)
    busy, cores = os.getloadavg()[0], os.cpu_count()
    if busy > 0.25 * cores:
        console.print(f"[yellow]This machine is busy: load {busy:.1f} on {cores} cores.[/yellow]")
    model = kerasvae.BetaVAE((64, 64, 1), options.latent_dim, options.architecture)
    started = time.perf_counter()
    explorer = LatentExplorer(model, kerasvae.data.load("dsprites"))
    explorer.dead.toggle.value = True  # all are traversed, whatever new weights say
    console.print(
        f"{cores} cores, {keras.backend.backend()}; {options.architecture}, 64x64, "
        f"{options.latent_dim} dimensions; built in {time.perf_counter() - started:.1f} s"
    )
    rng = np.random.default_rng(0)

    def slide(update):
        row = explorer.rows[update % len(explorer.rows)]
        row.slider.value = row.value + (0.5 if row.value < 0 else -0.5)

    def choose(update):
        explorer.choose(int(rng.integers(737_280)))

    table = Table(title="milliseconds of an update: median (95% within)")
    for name in ("update", "decoded image", "all pictures", "CPU, all threads", "median / limit"):
        table.add_column(name, justify="left" if name == "update" else "right")
    medians = []
    for name, update in (("a slider moves", slide), ("an image is chosen", choose)):
        times = timed(explorer, update, options.updates)
        median, most = np.percentile(times, [50, 95], axis=0)
        medians.append(median[1])
        cells = [f"{m:.1f} ({p:.1f})" for m, p in zip(median, most, strict=True)]
        table.add_row(name, *cells, f"{median[1] / LIMIT:.2f}")
    verdict = "within" if max(medians) <= LIMIT else "over"
    table.caption = f"{options.updates} updates each; medians {verdict} the {LIMIT:.0f} ms allowed"
    console.print(table)


def timed(explorer, update, count):
    """(count, 3) milliseconds to the decoded image, to all pictures, and of CPU time."""
    shown = []
    explorer.decoded.observe(lambda change: shown.append(time.perf_counter()), "src")
    rows = []
    for number in range(-3, count):
        shown.clear()
        start, cpu = time.perf_counter(), time.process_time()
        update(number)
        end = time.perf_counter()
        rows.append([shown[0] - start, end - start, time.process_time() - cpu])
    explorer.decoded.unobserve_all("src")
    return 1000 * np.array(rows[3:])  # the first ones compile


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--latent-dim", type=int, default=10)
    parser.add_argument("--architecture", default="burgess")
    return parser.parse_args()


if __name__ == "__main__":
    main()

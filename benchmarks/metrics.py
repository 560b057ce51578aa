"""How long do the metrics of disentanglement take for one model?

Ten entangled codes of the whole dSprites grid: half of them mix the five factors, bent and noisy,
and half are nearly dead. Every metric is timed with its default settings, those of codes and
factors on as many points as the papers use. What the intervening metrics draw is encoded by a
function that looks the codes up, so that their own cost is seen and not an encoder's. DCI is run
with both tree libraries on a smaller sample, where their scores are compared too.

    python benchmarks/metrics.py                  # about a minute on two idle cores
    python benchmarks/metrics.py --no-reference   # without scikit-learn's trees
    python benchmarks/metrics.py --help
"""

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from kerasvae import data, metrics  # noqa: E402

LIMIT = 60.0  # seconds that all metrics of a model may take
MODELS = 5  # that udr compares


class NumberedImages:
    """An array of images with one pixel each, the number of the image (float32 counts so far)."""

    def __init__(self, images):
        self.shape = (images, 1, 1, 1)

    def __getitem__(self, indices):
        return indices.reshape(-1, 1, 1, 1)


def main():
    """Print a row a metric with the total, then DCI by both tree libraries."""
    options = _options()
    # In a file the tables keep their columns.
    console = Console(width=None if sys.stdout.isatty() else 120)
    busy, cores = os.getloadavg()[0], os.cpu_count()
    if busy > 0.25 * cores:
        console.print(
            f"[yellow]This machine is busy: load {busy:.1f} on {cores} cores before the start. "
            "Compare CPU seconds then; wall seconds depend on the load.[/yellow]"
        )
    sprites = data.load("dsprites")
    values = dict(zip(sprites.factor_names, sprites.factor_values, strict=True))
    dataset = data.FactorDataset(NumberedImages(len(sprites)), values, name="dsprites")
    codes = entangled_codes(dataset, seed=0)
    console.print(f"{cores} cores; {len(dataset):,} images, factors of {dataset.factor_sizes}")
    console.print(times(options, dataset, codes))
    if not options.no_reference:
        console.print(tree_libraries(options, dataset, codes))


def entangled_codes(dataset, seed):
    """(N, 10): five bent mixtures of the factors with noise of the image's own, five dead codes."""
    rng = np.random.default_rng(seed)
    sizes = np.array(dataset.factor_sizes)
    factors = dataset.factors(slice(None)) / (sizes - 1) * 3.4 - 1.7  # about unit variance
    mixing = np.eye(len(sizes)) + 0.4 * rng.normal(size=(len(sizes), len(sizes)))
    active = 2 * np.tanh(factors @ mixing / 2) + 0.05 * rng.normal(size=factors.shape)
    dead = 0.02 * rng.normal(size=factors.shape)
    return np.concatenate([active, dead], axis=1).astype("float32")


def times(options, dataset, codes):
    """A table of seconds and scores, with the total against the limit."""
    indices = dataset.sample_indices(options.points, seed=1)
    z, factors = codes[indices], dataset.factors(indices)
    others = [entangled_codes(dataset, seed)[indices] for seed in range(1, MODELS)]
    encoded = [0]

    def embed(images):
        encoded[0] += len(images)
        return codes[images[:, 0, 0, 0].astype(int)]

    def run(row):
        given = {
            "models": ([z, *others],),
            "codes": (z,),
            "data set": (embed, dataset),
            "draw": (z, factors),
            "posterior": (z, factors),
        }
        return row.function(*given[row.given])

    table = Table(title=f"{options.points:,} points, {codes.shape[1]} codes, default settings")
    for name in ("metric", "wall s", "CPU s", "score", "images encoded"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    total = np.zeros(2)
    for name, row in metrics.BY_NAME.items():
        encoded[0] = 0
        result, seconds = _timed(lambda row=row: run(row))
        total += seconds
        label = f"{name} of {MODELS} models" if row.given == "models" else name
        images = f"{encoded[0]:,}" if encoded[0] else ""
        table.add_row(label, *(f"{s:.2f}" for s in seconds), f"{result.score:.3f}", images)
    table.add_section()
    table.add_row("total", *(f"{s:.1f}" for s in total))
    verdict = "within" if total[0] <= LIMIT else "over"
    table.caption = f"{total[0]:.1f} s in all: {verdict} the {LIMIT:.0f} s they may take"
    return table


def tree_libraries(options, dataset, codes):
    """A table of DCI by LightGBM and by scikit-learn, the reference, on the same points."""
    indices = dataset.sample_indices(options.reference_points, seed=2)
    table = Table(title=f"DCI by tree library, {options.reference_points:,} points")
    parts = ("disentanglement", "completeness", "informativeness")
    for name in ("trees", "wall s", "CPU s", *parts):
        table.add_column(name, justify="left" if name == "trees" else "right")
    matrices, walls = [], []
    for trees in ("lightgbm", "scikit-learn"):
        result, seconds = _timed(
            lambda t=trees: metrics.dci(codes[indices], dataset.factors(indices), trees=t)
        )
        matrices.append(result.matrix)
        walls.append(seconds[0])
        cells = [f"{s:.2f}" for s in seconds] + [f"{result.parts[part]:.3f}" for part in parts]
        table.add_row(trees, *cells)
    table.caption = (
        f"scikit-learn takes {walls[1] / walls[0]:.0f} times as long; "
        f"largest difference of an importance {np.abs(matrices[0] - matrices[1]).max():.3f}"
    )
    return table


def _timed(fn):
    """What fn returns, and [wall seconds, CPU seconds of all threads]."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = fn()
    return result, np.array([time.perf_counter() - wall, time.process_time() - cpu])


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument(
        "--reference-points", type=int, default=1500, help="for DCI by both tree libraries"
    )
    parser.add_argument("--no-reference", action="store_true", help="no DCI by scikit-learn")
    return parser.parse_args()


if __name__ == "__main__":
    main()

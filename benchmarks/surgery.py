"""What does the exact decomposition of q(z) cost, and how does that grow?

A posterior like that of a trained VAE on the dSprites grid, half of its dimensions collapsed, is
decomposed by kerasvae and by the plain way, which writes out every one-dimensional density of every
image for each sample. The plain way is run on a few samples and scaled up: its time is linear in
them. Both evaluate the same points, and the table says how far their log densities are apart.

    python benchmarks/surgery.py                     # one to two minutes on two idle cores
    KERAS_BACKEND=jax python benchmarks/surgery.py   # the other backend, or a GPU
    python benchmarks/surgery.py --help
"""

import argparse
import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from kerasvae.estimators.marginals import log_marginal_densities  # noqa: E402
from kerasvae.estimators.mixtures import log_mixture_sum  # noqa: E402
from kerasvae.surgery import decompose_posterior  # noqa: E402


def main():
    """Print the comparison with the plain way, then one row a size."""
    options = _options()
    console = Console()
    busy, cores = os.getloadavg()[0], os.cpu_count()
    if busy > 0.25 * cores:
        console.print(
            f"[yellow]This machine is busy: load {busy:.1f} on {cores} cores before the start. "
            "Compare CPU seconds then; wall seconds depend on the load.[/yellow]"
        )
    console.print(f"Keras {keras.__version__} on {keras.backend.backend()}, {cores} cores")
    console.print(compare(options))
    if not options.no_growth:
        console.print(growth(options))


def posterior(images, dimensions, seed=0):
    """Means and scales: active dimensions spread and mixed, the others collapsed to the prior."""
    rng = np.random.default_rng(seed)
    active = (dimensions + 1) // 2
    mixing = np.linalg.qr(rng.normal(size=(active, active)))[0]
    loc = rng.normal(size=(images, dimensions)).astype("float32") * 0.03
    scale = np.full((images, dimensions), 0.99, "float32")
    loc[:, :active] = rng.uniform(-1.7, 1.7, size=(images, active)) @ mixing
    scale[:, :active] = np.exp(rng.normal(size=(images, active)) * 0.3 - 2.3)
    return loc, scale


def plain(z, loc, scale):
    """log q(z) and log q(z_j) of one point after the other, by broadcasting over all images."""
    joint, marginals = [], []
    for point in z:
        log_q = -0.5 * ((point - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
        joint.append(_log_mean_exp(log_q.sum(axis=1)))
        marginals.append(_log_mean_exp(log_q))
    return np.array(joint), np.array(marginals)


def _log_mean_exp(values):
    largest = values.max(axis=0)
    return largest + np.log(np.exp(values - largest).mean(axis=0))


def compare(options):
    """A table of both ways at the full size."""
    loc, scale = posterior(options.images, options.dimensions)
    decompose_posterior(loc[:5000], scale[:5000], samples=options.samples)  # compile
    resting = _peak_memory()
    wall, cpu = _timed(lambda: decompose_posterior(loc, scale, samples=options.samples))
    peak = _peak_memory() - resting

    rng = np.random.default_rng(1)
    chosen = rng.integers(0, len(loc), options.plain_samples)
    noise = rng.normal(size=(len(chosen), options.dimensions))
    z = (loc[chosen] + scale[chosen] * noise).astype("float32")
    results = []
    plain_wall, plain_cpu = _timed(lambda: results.extend(plain(z, loc, scale)))
    share = options.samples / options.plain_samples
    joint = log_mixture_sum(z, loc, scale) - np.log(len(loc))
    # Half a nat below the result will do for a bound here; surgery uses the image's own share.
    marginals = log_marginal_densities(z, loc, scale, results[1] - 0.5)

    table = Table(
        title=f"{options.images:,} images, {options.samples:,} samples, "
        f"{options.dimensions} dimensions"
    )
    for name in ("", "wall s", "CPU s", "peak memory above the inputs"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("kerasvae", f"{wall:.1f}", f"{cpu:.1f}", f"{peak:.2f} GB")
    table.add_row(
        f"plain, {options.plain_samples} samples x {share:.0f}",
        f"{plain_wall * share:.0f}",
        f"{plain_cpu * share:.0f}",
        "",
    )
    table.add_row("ratio", f"{plain_wall * share / wall:.0f}", f"{plain_cpu * share / cpu:.0f}", "")
    table.caption = (
        "largest difference of the two, in nats: "
        f"log q(z) {np.abs(joint - results[0]).max():.1e}, "
        f"log q(z_j) {np.abs(marginals - results[1]).max():.1e} (the plain way is in float32)"
    )
    return table


def growth(options):
    """A table of times as one of the three sizes varies and the others stay at a small base."""
    base = {"images": options.images // 4, "samples": options.samples // 4, "dimensions": 10}
    sizes = {
        "images": [base["images"] // 2, base["images"], 2 * base["images"], 4 * base["images"]],
        "samples": [base["samples"] // 2, base["samples"], 2 * base["samples"]],
        "dimensions": [5, 10, 20, 40],
    }
    table = Table(title="Growth: one size varies, in bold")
    for name in ("images", "samples", "dimensions", "wall s", "CPU s"):
        table.add_column(name, justify="right")
    for varied, values in sizes.items():
        for value in values:
            case = {**base, varied: value}
            loc, scale = posterior(case["images"], case["dimensions"])
            decompose_posterior(loc[:5000], scale[:5000], samples=1000)  # compile
            wall, cpu = _timed(lambda c=case, p=(loc, scale): decompose_posterior(*p, c["samples"]))
            cells = [f"[bold]{n:,}[/bold]" if k == varied else f"{n:,}" for k, n in case.items()]
            table.add_row(*cells, f"{wall:.2f}", f"{cpu:.2f}")
        table.add_section()
    return table


def _timed(fn):
    """(wall seconds, CPU seconds of all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    fn()
    return time.perf_counter() - wall, time.process_time() - cpu


def _peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GB; Linux counts in KB


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=737_280)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--dimensions", type=int, default=10)
    parser.add_argument("--plain-samples", type=int, default=20, help="samples of the plain way")
    parser.add_argument("--no-growth", action="store_true", help="only the comparison")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Can a number that training logs be read? Write estimators.md: batches and banks against exact.

    python results/estimators.py            # about five minutes on two idle cores

First the shipped beta-TCVAE, whose exact terms over all 737,280 images stand on its card: MSS and
MWS of batches of three sizes, and *banks*, the posteriors of M further images, with the own image
at its true weight 1/N. The banks here are as good as a bank can be: fresh, where one that is filled
while training holds posteriors of earlier steps. What that costs is measured next, on discs, where
a bank of the whole set is possible: a beta-TCVAE trains, and each image's entry is as old as the
step that last saw it.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402
from scipy.special import logsumexp  # noqa: E402

import kerasvae as kv  # noqa: E402
from kerasvae.estimators import aggregate_posterior, pairwise_log_density  # noqa: E402
from kerasvae.estimators.mixtures import log_mixture_sum  # noqa: E402
from kerasvae.estimators.sampling import log_normal_density  # noqa: E402

HERE = Path(__file__).resolve().parent
NAME = "beta-tcvae-dsprites"
CODES = 2048
BATCHES = (64, 1024, 2048)
BANKS = (10_000, 100_000)
TERMS = ("mutual_information", "total_correlation", "dimension_wise_kl")
EPOCHS, MEASURED = 72, (1, 4, 12, 24, 36, 48, 60, 72)  # of the discs
SETTLED = 12  # epochs after which posteriors move slowly


def draw(loc, scale, rng):
    """A code for each row."""
    return (loc + scale * rng.standard_normal(loc.shape)).astype("float32")


def terms(z, loc, scale, log_qz, log_qz_each) -> np.ndarray:
    """The three TERMS, means over codes z drawn from N(loc, scale^2)."""
    own = log_normal_density(z, loc, scale).sum(axis=1)
    prior = log_normal_density(z, np.zeros_like(z), np.ones_like(z)).sum(axis=1)
    product = log_qz_each.sum(axis=1)
    return np.array([(own - log_qz).mean(), (log_qz - product).mean(), (product - prior).mean()])


def by_batches(z, loc, scale, size, estimator, count) -> np.ndarray:
    """TERMS as a training would log them, a mean over batches."""
    found = []
    for start in range(0, len(z) - size + 1, size):
        part = slice(start, start + size)
        q = aggregate_posterior(z[part], loc[part], scale[part], estimator, count)
        found.append(terms(z[part], loc[part], scale[part], *map(ops.convert_to_numpy, q)))
    return np.mean(found, axis=0)


def by_bank(z, loc, scale, bank, count) -> np.ndarray:
    """TERMS with q(z) = 1/N q(z|x) + (1 - 1/N) times the mean over a bank of other images."""
    bank_loc, bank_scale = bank
    rest = np.log1p(-1 / count) - np.log(len(bank_loc))
    dimensions = [slice(None), *(slice(k, k + 1) for k in range(z.shape[1]))]
    columns = []
    for k in dimensions:
        own = log_normal_density(z[:, k], loc[:, k], scale[:, k]).sum(axis=1) - np.log(count)
        others = log_mixture_sum(z[:, k], bank_loc[:, k], bank_scale[:, k]) + rest
        columns.append(np.logaddexp(own, others))
    return terms(z, loc, scale, columns[0], np.stack(columns[1:], axis=1))


def full_scale() -> tuple[list, np.ndarray]:
    """Rows (estimator, images it holds, TERMS) of the shipped model, and the exact TERMS."""
    model, data = kv.zoo.load(NAME), kv.data.load("dsprites")
    exact = kv.zoo.card(NAME)["evaluation"]["surgery"]
    count, rng = exact["num_images"], np.random.default_rng(0)
    if count != len(data):
        raise SystemExit(f"{NAME}: expected exact terms of {len(data):,} images, got {count:,}")
    chosen = rng.choice(len(data), CODES + max(BANKS), replace=False)
    q = model.posteriors(data.subset(chosen[:CODES]))
    bank = model.posteriors(data.subset(chosen[CODES:]))
    loc, scale = q["loc"], q["scale"]
    z, rows = draw(loc, scale, rng), []
    for estimator in ("mss", "mws"):
        for size in BATCHES:
            rows.append(
                (estimator.upper(), size, by_batches(z, loc, scale, size, estimator, count))
            )
    for size in BANKS:
        held = bank["loc"][:size], bank["scale"][:size]
        rows.append(("bank", size, by_bank(z, loc, scale, held, count)))
    return rows, np.array([exact[term] for term in TERMS])


def dense(shape, units, *last):
    """The networks of the chapters."""
    hidden = [layers.Dense(128, activation="relu") for _ in range(2)]
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), *hidden, layers.Dense(units), *last]
    )


def discs(seed: int = 0) -> list:
    """Rows (epoch, exact TC, TC by MSS, by a fresh bank, by the bank that training filled)."""
    data = kv.data.load("discs")
    images, shape = data.images(range(len(data))), (32, 32, 1)
    keras.utils.set_random_seed(seed)
    networks = {"encoder": dense(shape, 12), "decoder": dense((6,), 1024, layers.Reshape(shape))}
    model = kv.BetaTCVAE(shape, 6, beta=4.0, dataset_size=len(images), seed=seed, **networks)
    model.compile(keras.optimizers.Adam(3e-3))
    rng, count, rows = np.random.default_rng(seed), len(images), []
    bank = {"loc": np.zeros((count, 6), "float32"), "scale": np.ones((count, 6), "float32")}
    for epoch in range(1, EPOCHS + 1):
        order = rng.permutation(count)
        for chosen in np.split(order, count // 256):
            if epoch in MEASURED:  # what the step itself sees, before it moves the weights
                for name, values in model.posteriors(images[chosen]).items():
                    bank[name][chosen] = values
            model.train_on_batch(images[chosen])
        if epoch in MEASURED:
            rows.append((epoch, *compared(model.posteriors(images), bank, rng)))
    return rows


def compared(now, bank, rng) -> list[float]:
    """TC: exact, by MSS in batches of 256, by a fresh bank of the whole set, by the stale one."""
    loc, scale, count = now["loc"], now["scale"], len(now["loc"])
    exact = kv.surgery.decompose_posterior(loc, scale, samples=8192).total_correlation
    z, order = draw(loc, scale, rng), rng.permutation(count)
    mss = by_batches(z[order], loc[order], scale[order], 256, "mss", count)[1]
    fresh, stale = (by_whole_set(z, loc, scale, held)[1] for held in (now, bank))
    return [exact, mss, fresh, stale]


def by_whole_set(z, loc, scale, held) -> np.ndarray:
    """TERMS with a bank of the whole set, in which a code's own image has its present posterior."""
    log_q = ops.convert_to_numpy(pairwise_log_density(z, held["loc"], held["scale"])).copy()
    own = np.arange(len(z))
    log_q[own, own] = log_normal_density(z, loc, scale)
    log_count = np.log(len(z))
    joint = logsumexp(log_q.sum(axis=2), axis=1) - log_count
    return terms(z, loc, scale, joint, logsumexp(log_q, axis=1) - log_count)


def table(header, rows) -> str:
    """A Markdown table of text and numbers."""
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))


def page(rows, exact, aging) -> str:
    """The whole file."""
    names = [term.replace("_", " ") for term in TERMS]
    numbers = [[name, f"{size:,}", *(f"{v:.2f}" for v in found)] for name, size, found in rows]
    numbers.append(["exact (surgery)", "737,280", *(f"{value:.2f}" for value in exact)])
    error = {(name, size): abs(found[1] - exact[1]) for name, size, found in rows}
    shares = ", ".join(
        f"{error['bank', size] / error['MSS', BATCHES[0]]:.2f} (bank of {size:,})" for size in BANKS
    )
    late = [row for row in aging if row[0] >= SETTLED]
    by_mss, by_stale = (np.mean([abs(row[k] - row[1]) for row in late]) for k in (2, 4))
    aged = [[str(epoch), *(f"{value:.2f}" for value in values)] for epoch, *values in aging]
    return f"""# Estimates of a batch, of a bank, and exact

<!-- written by: python results/estimators.py -->

`{NAME}`, nats per image, means over {CODES:,} codes; batches and banks are drawn
from all 737,280 images. A bank holds the posteriors of so many images, fresh.

{table(["estimator", "images", *names], numbers)}
The error of the total correlation, as a share of that of MSS with batches of {BATCHES[0]}:
{shares}.

What age costs: a beta-TCVAE (beta 4) trains on 2,048 discs in batches of 256; total correlation.
The bank is the whole set; an entry is as old as the step that last saw its image, at most eight.

{table(["epoch", "exact", "MSS, 256", "bank, fresh", "bank, as filled"], aged)}
Mean error from epoch {SETTLED} on: MSS {by_mss:.2f}, the bank as it was filled {by_stale:.2f} nats,
{by_stale / by_mss:.2f} of it. In the first epoch the posteriors move too fast for the bank.
"""


def main() -> None:
    """Measure, and write the file."""
    rows, exact = full_scale()
    (HERE / "estimators.md").write_text(page(rows, exact, discs()), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Can a number that training logs be read? Write estimators.md: batches and banks against exact.

    python results/estimators.py            # about five minutes on two idle cores

First the shipped beta-TCVAE, whose exact terms over all 737,280 images stand on its card: MSS and
MWS of batches of three sizes, and banks, filled here with present posteriors, where one that is
filled while training holds those of earlier steps. What that costs is measured next, on discs: two
beta-TCVAEs train, one by MSS and one by a bank of the whole set, and what each logs in an epoch
stands beside its exact total correlation when the epoch ends.
"""

import os
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402

import kerasvae as kv  # noqa: E402
from kerasvae.estimators import aggregate_posterior, aggregate_posterior_bank  # noqa: E402
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


def by_batches(z, loc, scale, size, estimate) -> np.ndarray:
    """TERMS as a training would log them, a mean over batches.

    Args:
        z, loc, scale: (n, D) codes and their posteriors.
        size: images in a batch.
        estimate: estimate(z, loc, scale) of a batch -> a kerasvae.estimators.AggregatePosterior.
    """
    found = []
    for start in range(0, len(z) - size + 1, size):
        batch = [array[start : start + size] for array in (z, loc, scale)]
        found.append(terms(*batch, *map(ops.convert_to_numpy, estimate(*batch))))
    return np.mean(found, axis=0)


def by_name(name, count, z, loc, scale):
    """An estimator that needs the batch alone."""
    return aggregate_posterior(z, loc, scale, name, count)


def by_bank(held, count, z, loc, scale):
    """The estimator with a bank: its means, standard deviations, and which entries count."""
    return aggregate_posterior_bank(z, loc, scale, *held, count)


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
    codes, rows = (draw(loc, scale, rng), loc, scale), []
    for name in ("mss", "mws"):
        for size in BATCHES:
            found = by_batches(*codes, size, partial(by_name, name, count))
            rows.append((name.upper(), size, found))
    for size in BANKS:
        held = bank["loc"][:size], bank["scale"][:size], np.ones(size, bool)
        rows.append(("bank", size, by_batches(*codes, BATCHES[0], partial(by_bank, held, count))))
    return rows, np.array([exact[term] for term in TERMS])


def dense(shape, units, *last):
    """The networks of the chapters."""
    hidden = [layers.Dense(128, activation="relu") for _ in range(2)]
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), *hidden, layers.Dense(units), *last]
    )


def discs(seed: int = 0) -> list:
    """Rows (epoch, exact TC and logged TC of the one by MSS, the same of the one by the bank)."""
    by_mss, by_bank = (trained(estimator, seed) for estimator in ("mss", "bank"))
    return [(epoch, *by_mss[epoch], *by_bank[epoch]) for epoch in MEASURED]


def trained(estimator, seed) -> dict:
    """{epoch: (exact, logged) total correlation} of a beta-TCVAE on discs."""
    data = kv.data.load("discs")
    shape, found = (32, 32, 1), {}
    keras.utils.set_random_seed(seed)
    networks = {"encoder": dense(shape, 12), "decoder": dense((6,), 1024, layers.Reshape(shape))}
    model = kv.BetaTCVAE(shape, 6, beta=4.0, estimator=estimator, seed=seed, **networks)
    model.compile(keras.optimizers.Adam(3e-3))

    def measure(epoch, logs):
        if epoch + 1 in MEASURED:
            exact = kv.surgery.decompose(model, data).total_correlation
            found[epoch + 1] = exact, logs["total_correlation"]

    note = keras.callbacks.LambdaCallback(on_epoch_end=measure)
    model.fit(data, batch_size=256, epochs=EPOCHS, verbose=0, callbacks=[note])
    return found


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
    by_mss, by_bank = (np.mean([abs(row[k] - row[k - 1]) for row in late]) for k in (2, 4))
    aged = [[str(epoch), *(f"{value:.2f}" for value in values)] for epoch, *values in aging]
    return f"""# Estimates of a batch, of a bank, and exact

<!-- written by: python results/estimators.py -->

`{NAME}`, nats per image, means over {CODES:,} codes; batches and banks are drawn
from all 737,280 images. A bank holds the posteriors of so many images, fresh.

{table(["estimator", "images", *names], numbers)}
The error of the total correlation, as a share of that of MSS with batches of {BATCHES[0]}:
{shares}.

What age costs: two beta-TCVAEs (beta 4) train on 2,048 discs in batches of 256, eight steps an
epoch. The bank holds as many posteriors as there are images, each as old as the step that saw it.
Total correlation: exact, of the model at the end of the epoch; logged, the mean of its eight steps.

{table(["epoch", "by MSS: exact", "logged", "by a bank: exact", "logged"], aged)}
Mean distance between the two from epoch {SETTLED} on: MSS {by_mss:.2f}, bank {by_bank:.2f} nats,
{by_bank / by_mss:.2f} of it. In the first epoch the bank is filled, by posteriors that move fast.
"""


def main() -> None:
    """Measure, and write the file."""
    rows, exact = full_scale()
    (HERE / "estimators.md").write_text(page(rows, exact, discs()), encoding="utf-8")


if __name__ == "__main__":
    main()

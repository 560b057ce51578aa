"""Properties of all metrics: range, no NaN, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasvae.data import FactorDataset
from kerasvae.metrics import BY_NAME
from tests.metrics.cases import check_sound, grid, measured, rows

ALL = rows("mig_chen")
FEW = {"train_points": 60, "test_points": 40, "pairs": 4, "train_votes": 60, "test_votes": 40}
FEW |= {"batch_size": 4, "variance_points": 50, "samples": 100, "points": 100, "neighbors": 3}

# By how much a score may differ where nothing should change it: rounding, but for what an
# optimiser leaves (a classifier's last steps move a point of 40 or so over the border) and for
# trees, which take the first of two equally good splits.
LOOSE = {"beta_vae_score": 0.1, "sap": 0.1, "dci": 0.1, "udr": 1e-4}
# Where the definition leaves a choice, the first code is taken: of equal ratios of variances, and
# of copies that may share a coefficient of the Lasso in any way.
CHOICE = {
    ("factor_vae_score", "ties"): 0.5,
    ("factor_vae_score", "copies"): 0.5,
    ("udr", "copies"): 0.05,
}
# Those that draw points by their position: another order is another draw.
DRAWN = {"mig_chen", "sap", "dci", "beta_vae_score", "factor_vae_score", "irs"}


@st.composite
def examples(draw):
    """A data set of 2 x 3 factors and codes that mix them, with ties, copies and dead ones."""
    dataset = grid((2, 3), copies=draw(st.integers(10, 20)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    factors = dataset.factors(slice(None))
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(len(factors), 3))
    kind = draw(st.sampled_from(["mixed", "ties", "copies", "dead", "single"]))
    if kind == "ties":
        codes = np.round(codes)
    elif kind == "copies":
        codes[:, 2] = codes[:, 0]
    elif kind == "dead":
        codes[:, 1] = 0.3
    elif kind == "single":
        codes = codes[:, :1]
    return dataset, codes, kind, rng


@pytest.mark.parametrize("row", ALL)
@given(example=examples())
@settings(max_examples=8)
def test_order_and_signs_of_codes_do_not_matter(row, example):
    dataset, codes, kind, rng = example
    columns = rng.permutation(codes.shape[1])
    first = measured(row, codes, dataset, **FEW)
    check_sound(row, first)
    tolerance = CHOICE.get((first.metric, kind), LOOSE.get(first.metric, 1e-9))
    other = measured(row, codes[:, columns], dataset, **FEW)
    assert other.score == pytest.approx(first.score, abs=tolerance)
    if first.matrix is not None and tolerance < 1e-3:
        np.testing.assert_allclose(other.matrix, first.matrix[columns], atol=1e-6)
    signs = np.where(np.arange(codes.shape[1]) % 2, 1, -1)
    flipped = measured(row, codes * signs, dataset, **FEW)
    check_sound(row, flipped)
    # Samples of a posterior are others after a flip, and a value on the edge of a bin falls into
    # the other one.
    if first.metric != "mig_chen" and kind != "ties":
        assert flipped.score == pytest.approx(first.score, abs=max(tolerance, 1e-6))


@pytest.mark.parametrize(
    "row", [p for p in ALL if p.id not in DRAWN], ids=[p.id for p in ALL if p.id not in DRAWN]
)
@given(example=examples())
@settings(max_examples=8)
def test_the_order_of_points_does_not_matter(row, example):
    dataset, codes, _, rng = example
    points = rng.permutation(len(codes))
    first = measured(row, codes, dataset, **FEW)
    reference = dataset.factors(slice(None))
    shuffled = FactorDataset(
        np.zeros((len(codes), 1, 1, 1), "uint8"),
        {"a": range(2), "b": range(3)},
        codes=reference[points],
    )
    assert measured(row, codes[points], shuffled, **FEW).score == pytest.approx(first.score)


@pytest.mark.parametrize("row", [p for p in ALL if p.id in DRAWN])
def test_another_order_of_points_is_another_draw(row):
    """As large a change as that of another seed: within five of their standard deviations."""
    dataset = grid()
    rng = np.random.default_rng(0)
    codes = dataset.factors(slice(None)) + 0.5 * rng.normal(size=(len(dataset), 3))
    points = rng.permutation(len(codes))
    shuffled = FactorDataset(
        np.zeros((len(codes), 1, 1, 1), "uint8"),
        {"a": range(3), "b": range(4), "c": range(2)},
        codes=dataset.factors(slice(None))[points],
    )
    of_seeds = [measured(row, codes, dataset, seed=seed).score for seed in range(6)]
    other = measured(row, codes[points], shuffled).score
    assert abs(other - np.mean(of_seeds)) < 5 * max(np.std(of_seeds, ddof=1), 2e-3)


UNITS = [1e-300, 1e-30, 1e3, 1e150, 1e250, 1e307]
# Those that speak of the codes' own unit: a penalty, a threshold for dead codes.
OF_A_UNIT = {"beta_vae_score", "factor_vae_score"}


@pytest.mark.parametrize("row", ALL)
@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_codes_does_not_matter(row, unit):
    dataset, rng = grid(copies=10), np.random.default_rng(0)
    codes = dataset.factors(slice(None)) + 0.3 * rng.normal(size=(len(dataset), 3))
    few = FEW | {"points": 240}
    first, other = (measured(row, codes * by, dataset, **few) for by in (1.0, unit))
    check_sound(row, other)
    if first.metric not in OF_A_UNIT:
        assert other.score == pytest.approx(first.score, abs=1e-3)
    elif unit > 1:
        assert other.score > first.score - 0.1


@pytest.mark.parametrize("row", ALL)
@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda z: np.ma.masked_greater(z, 1.0), "codes: no metric can handle missing values"),
        (lambda z: z + 1j, "codes must be real numbers.*complex128"),
        (lambda z: z.astype(str), "codes must be real numbers"),
        (lambda z: np.where(z > 1, np.inf, z), "codes must be finite"),
        (lambda z: z[:, 0], "codes must be"),
    ],
    ids=["masked", "complex", "text", "infinite", "flat"],
)
def test_codes_that_are_none_are_refused(row, wrong, message):
    dataset = grid(copies=10)
    codes = np.random.default_rng(0).normal(size=(len(dataset), 3))
    with pytest.raises(ValueError, match=message):
        measured(row, wrong(codes), dataset, **FEW)


@pytest.mark.parametrize("row", [p for p in ALL if p.id != "udr"])  # udr draws nothing
@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, True])
def test_bad_seeds_are_refused(row, seed):
    dataset = grid(copies=10)
    codes = np.random.default_rng(0).normal(size=(len(dataset), 3))
    with pytest.raises(ValueError, match="seed must be a whole number"):
        measured(row, codes, dataset, seed=seed, **FEW)
    if row.given != "codes":
        assert measured(row, codes, dataset, seed=2**40, **FEW).settings["seed"] == 2**40


@pytest.mark.numpy_only
@pytest.mark.parametrize("name", ["mig", "sap", "modularity", "infomec", "dci"])
def test_factors_that_are_none_are_refused_and_booleans_are_classes(name):
    metric = BY_NAME[name].function
    rng = np.random.default_rng(0)
    factors, codes = rng.integers(0, 2, (1200, 2)), rng.normal(size=(1200, 2))
    with pytest.raises(ValueError, match="factors: no metric can handle missing values"):
        metric(codes, np.ma.masked_equal(factors, 1))
    with pytest.raises(ValueError, match="factors must be real numbers"):
        metric(codes, factors * 1j)
    unmasked = np.ma.masked_equal(factors, 7)
    assert metric(codes, unmasked).score == metric(codes, factors > 0).score

"""A small grid, codes of it, and how to call any row of the table of metrics on them."""

import inspect
import json
import warnings

import numpy as np
import pytest

from kerasvae.data import FactorDataset
from kerasvae.metrics import BY_NAME

# What the metrics draw in tests, for those that have such an argument.
SMALL = {
    "train_points": 1000,
    "test_points": 500,
    "pairs": 16,
    "train_votes": 1000,
    "test_votes": 500,
    "batch_size": 32,
    "variance_points": 2000,
    "samples": 1000,
}


def grid(sizes=(3, 4, 2), copies=60):
    """A full grid of factors, each combination several times; images without anything on them."""
    combinations = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)
    factors = np.repeat(combinations, copies, axis=0)
    values = {name: range(size) for name, size in zip("abcdef", sizes, strict=False)}
    return FactorDataset(np.zeros((len(factors), 1, 1, 1), "uint8"), values, codes=factors)


def perfect_codes(dataset):
    """(N, K) the factors, standardised."""
    factors = dataset.factors(slice(None))
    return (factors - factors.mean(axis=0)) / factors.std(axis=0)


def measured(row, codes, dataset, seed=0, **settings):
    """The result of a row's metric for the codes of a data set, without its warnings."""
    known = inspect.signature(row.function).parameters
    settings = {k: v for k, v in {**SMALL, **settings, "seed": seed}.items() if k in known}
    factors = dataset.factors(slice(None))
    arguments = {
        "draw": (codes, factors),
        "posterior": (codes, factors),
        "codes": (codes,),
        "data set": (codes, dataset),
        "models": ([codes, perfect_codes(dataset)],),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return row.function(*arguments[row.given], **settings)


def check_sound(row, result):
    """Refuse a result with NaN or infinity, a score out of its range, or parts that are missing."""
    json.dumps(result.to_dict(), allow_nan=False)
    assert row.low - 1e-9 <= result.score <= row.high + 1e-9
    assert set(row.parts) <= set(result.parts)
    assert (result.matrix is None) == (not row.matrix)


def check_known_answers(row):
    """What every metric owes: sound results, and a better score for perfect codes than for mixed.

    Perfect codes in another order, with other signs, and with noise of 1e-3 count as perfect.
    """
    dataset = grid()
    perfect, rng = perfect_codes(dataset), np.random.default_rng(0)
    noise = rng.normal(size=perfect.shape)
    mixed = perfect @ [[1.0, 0.6, 0.0], [0.5, 1.0, 0.7], [0.6, 0.0, 1.0]] + 0.7 * noise
    cases = {
        "perfect": perfect,
        "permuted and flipped": perfect[:, [2, 0, 1]] * [1, -1, 1],
        "with noise": perfect + 1e-3 * noise,
        "mixed": mixed,
        "nothing but noise": noise,
        "constant": np.full_like(perfect, 0.1),
        "a single code": perfect[:, :1],
    }
    score = {}
    for name, codes in cases.items():
        result = measured(row, codes, dataset)
        check_sound(row, result)
        score[name] = result.score if row.better == "higher" else -result.score
    for same in ("permuted and flipped", "with noise"):
        assert score[same] == pytest.approx(score["perfect"], abs=0.02), same
    assert score["perfect"] > score["mixed"] + 0.05


def rows(*backend):
    """A parameter for each metric; those that are named run on a backend, the others on NumPy."""
    return [
        pytest.param(row, id=name, marks=() if name in backend else pytest.mark.numpy_only)
        for name, row in BY_NAME.items()
    ]

"""Mutual information by nearest neighbours: scikit-learn, counting, and equal codes."""

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif
from sklearn.metrics import mutual_info_score

from kerasvae.metrics.neighbours import neighbour_information

pytestmark = pytest.mark.numpy_only


def ross(code, values, neighbors):
    """Ross 2014, equation 2, from the table of all distances."""
    kept = np.bincount(values)[values] > 1
    code, values = code[kept], values[kept]
    terms = []
    for point, value in zip(code, values, strict=True):
        distances = np.abs(code - point)
        own = np.sort(distances[values == value])[1:]  # without itself
        k = min(neighbors, len(own))
        within = (distances <= own[k - 1]).sum() - 1
        terms.append(digamma(k) - digamma(len(own) + 1) - digamma(within))
    return max(digamma(len(code)) + np.mean(terms), 0)


@pytest.mark.parametrize("neighbors", [1, 3, 10])
def test_codes_without_ties_have_scikit_learns_estimate(neighbors):
    rng = np.random.default_rng(0)
    labels = np.stack([rng.integers(0, 5, 600), rng.geometric(0.5, 600)], axis=1)  # rare classes
    codes = labels @ [[1.0, 0.5, 0.0], [0.2, 1.0, 0.0]] + rng.normal(size=(600, 3)) ** 3
    expected = [
        mutual_info_classif(codes, v, n_neighbors=neighbors, random_state=0) for v in labels.T
    ]
    ours = neighbour_information(codes, labels, neighbors)
    # Its tree now and then counts a neighbour on the border, by rounding.
    np.testing.assert_allclose(ours, np.transpose(expected), atol=1e-3)
    brute = [[ross(code, v, neighbors) for v in labels.T] for code in codes.T]
    np.testing.assert_allclose(ours, brute, atol=1e-9)


def test_codes_of_few_values_are_counted():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, (4000, 1))
    codes = np.where(rng.random((4000, 2)) < 0.6, labels, rng.integers(0, 4, (4000, 2))) * 1.0
    expected = [mutual_info_score(code, labels[:, 0]) for code in codes.T]
    # Counting has a bias of (4 - 1)(4 - 1) / 8000 = 0.001, digammas have less.
    np.testing.assert_allclose(neighbour_information(codes, labels)[:, 0], expected, atol=0.002)


def test_nothing_depends_on_order_or_units():
    rng = np.random.default_rng(0)
    labels, codes = rng.integers(0, 3, (900, 2)), np.round(rng.normal(size=(900, 3)), 1)
    codes[:, 0] += labels[:, 1]
    order = rng.permutation(900)
    first = neighbour_information(codes, labels)
    for unit in (-1.0, 1e-300, 1e307):
        other = neighbour_information(unit * codes[order][:, ::-1], labels[order])
        np.testing.assert_allclose(other, first[::-1], atol=1e-9)


def test_a_class_of_one_point_and_a_constant_code():
    labels = np.array([0] * 50 + [1] * 50 + [2])[:, None]
    codes = np.stack([labels[:, 0] + 0.0, np.full(101, 0.1)], axis=1)
    information = neighbour_information(codes, labels)
    assert information[:, 0] == pytest.approx([np.log(2), 0], abs=0.02)

"""InfoMEC: known informations, the pruning rule, and 0/0."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kerasvae.metrics import infomec

pytestmark = pytest.mark.numpy_only

POINTS = 4000
BITS = np.random.default_rng(0).integers(0, 2, size=(POINTS, 3))
NOISE = np.random.default_rng(1).normal(size=(POINTS, 3))


def test_information_of_a_noisy_bit_is_the_integral():
    # z = 2v + N(0, 1): I = E log p(z|v)/p(z), by quadrature.
    def integrand(z):
        mixture = (norm.pdf(z) + norm.pdf(z, 2)) / 2
        return norm.pdf(z) * np.log(norm.pdf(z) / mixture)

    expected = quad(integrand, -8, 8)[0] / np.log(2)  # 0.49, the same for both values
    result = infomec(2 * BITS + NOISE, BITS)
    # The estimate's error falls with sqrt(4000): 0.016, three of them.
    assert np.diag(result.matrix) == pytest.approx(expected, abs=0.05)
    assert (result.matrix - np.diag(np.diag(result.matrix))).max() < 0.05


def test_one_code_for_two_factors():
    # 2a + b holds all of a and of b: max / sum = 1/2, (1/2 - 1/3) / (1 - 1/3) = 1/4; c alone: 1.
    # Compactness: every factor has all its information in one of the two codes.
    a, b, c = BITS.T
    result = infomec(np.stack([2 * a + b, c], axis=1) * 1.0, BITS)
    assert result.parts["per_code"] == pytest.approx([0.25, 1], abs=0.03)
    assert result.score == result.parts["modularity"] == pytest.approx(0.625, abs=0.03)
    assert result.parts["compactness"] == pytest.approx(1, abs=0.03)


def test_explicitness_is_the_share_that_a_linear_model_takes():
    flipped = np.where(np.arange(POINTS) % 10 == 0, 1 - BITS[:, 0], BITS[:, 0])
    parity = BITS[:, 0] ^ BITS[:, 1]
    factors = np.stack([BITS[:, 0], parity, BITS[:, 2]], axis=1)
    codes = np.stack([flipped, BITS[:, 1], 3.0 * BITS[:, 2]], axis=1)
    per_factor = infomec(codes, factors).parts["explicitness_per_factor"]
    # A tenth of the bits is wrong: 1 - h(0.1) / log 2. A parity is linear in nothing.
    p = np.array([0.1, 0.9])
    assert per_factor == pytest.approx([1 + (p * np.log2(p)).sum(), 0, 1], abs=0.03)


def test_explicitness_of_continuous_factors_is_r_squared():
    v = np.random.default_rng(2).normal(size=(POINTS, 2))
    result = infomec(v + 0.5 * NOISE[:, :2], v)  # the best linear R^2 is 1 / 1.25
    assert result.parts["explicitness_per_factor"] == pytest.approx(0.8, abs=0.03)


def test_a_code_is_active_above_a_twentieth_of_the_largest_range():
    small = (NOISE[:, 0] - NOISE[:, 0].min()) / np.ptp(NOISE[:, 0])  # range 1
    codes = np.column_stack([BITS * 10.0, small * 0.51, small * 0.49, np.zeros(POINTS)])
    result = infomec(codes, BITS)
    assert result.parts["active"].tolist() == [True] * 4 + [False] * 2
    assert result.parts["per_code"][4:].tolist() == [0, 0]
    pruned = infomec(codes, BITS, active_range=0.1)
    assert pruned.parts["active"].tolist() == [True] * 3 + [False] * 3
    assert pruned.score == pytest.approx(1, abs=0.01) and pruned.score > result.score


def test_one_active_code_and_none():
    one = infomec(np.column_stack([BITS[:, 0] * 1.0, np.zeros(POINTS)]), BITS)
    assert one.parts["per_code"].tolist()[1] == 0
    assert one.score == pytest.approx(1, abs=0.05)
    assert one.parts["compactness_per_factor"][0] == 1
    none = infomec(np.ones((POINTS, 2)), BITS)
    keys = ("modularity", "explicitness", "compactness")
    assert [none.parts[key] for key in keys] == pytest.approx([0, 0, 0], abs=1e-6)


@pytest.mark.filterwarnings("ignore:infomec was given")
def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="two factors or"):
        infomec(NOISE, BITS[:, :1])
    with pytest.raises(ValueError, match="Received: 10 points"):
        infomec(NOISE[:10], BITS[:10])
    with pytest.raises(ValueError, match="active_range=-1"):
        infomec(NOISE, BITS, active_range=-1)


def test_codes_that_are_classes_are_counted():
    """Numbers of classes have no order: a permuted alphabet has the informations of the letters."""
    letter = np.random.default_rng(3).integers(0, 8, POINTS)
    names = np.array([3, 0, 7, 1, 6, 2, 5, 4])[letter]
    factors = np.stack([letter // 4, letter % 4], axis=1)
    codes = np.stack([names, NOISE[:, 0]], axis=1)
    result = infomec(codes, factors, discrete=[True, False])
    assert result.matrix[0] == pytest.approx(1)  # the letter tells both
    # Half of its information is each factor's: (1/2 - 1/2) / (1 - 1/2) = 0.
    assert result.parts["per_code"][0] == pytest.approx(0, abs=1e-9)
    assert result.parts["explicitness"] > 0.98  # one-hot, where a line through names tells little
    assert infomec(codes, factors).parts["explicitness"] < 0.5
    assert result.settings["discrete"] == [True, False]


def test_classes_are_active_if_they_vary():
    codes = np.stack([BITS[:, 0] * 1.0, 1000 * NOISE[:, 0], np.zeros(POINTS)], axis=1)
    assert infomec(codes, BITS).parts["active"].tolist() == [False, True, False]
    result = infomec(codes, BITS, discrete=[True, False, True])
    assert result.parts["active"].tolist() == [True, True, False]
    everything = infomec(BITS * 1.0, BITS, discrete=True)
    assert everything.score == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("discrete", [[True], 1, "yes", [[True, False, True]]])
def test_discrete_is_a_boolean_a_code(discrete):
    with pytest.raises(ValueError, match="a boolean for each of the 3 codes"):
        infomec(NOISE, BITS, discrete=discrete)


def test_an_inactive_copy_does_not_count_against_compactness():
    result = infomec(np.hstack([BITS * 10.0, BITS * 0.1]), BITS)
    assert result.parts["compactness"] == pytest.approx(1, abs=0.05)

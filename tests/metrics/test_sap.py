"""SAP, on predictions that are known by hand, and against other solvers."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from kerasvae.metrics import sap

pytestmark = pytest.mark.numpy_only


def rng():
    return np.random.default_rng(0)


def test_continuous_factors_by_squared_correlation():
    v, noise = rng().normal(size=(2, 5000))
    codes = np.stack([v + noise, noise, -v + 0.5 * noise, np.full(5000, 2.0)], axis=1)
    result = sap(codes, v[:, None])
    expected = [np.corrcoef(code, v)[0, 1] ** 2 for code in codes[:, :3].T]
    np.testing.assert_allclose(result.matrix[:, 0], [*expected, 0], atol=1e-12)
    assert result.score == pytest.approx(expected[2] - expected[0])  # 4/5 - 1/2 up to sampling
    assert result.score == pytest.approx(0.3, abs=0.03)


def test_classes_by_accuracy_on_points_not_trained_on():
    v = rng().integers(0, 2, 6000)
    wrong = rng().permutation(6000) < 600  # a tenth
    half = np.where(rng().random(6000) < 0.5, v, 1 - v)  # right by chance
    result = sap(np.stack([np.where(wrong, 1 - v, v), half], axis=1) * 2.0, v[:, None])
    # Nine tenths, and a half, within three standard errors of 2000 test points.
    assert result.matrix[:, 0] == pytest.approx([0.9, 0.5], abs=0.034)
    assert result.settings["train_points"] == 4000 and result.settings["test_points"] == 2000


def test_a_perfect_code_of_ten_values_is_not_told_fully():
    # A line a class, "this value against the rest", on the numbers 0 to 9: an inner class has the
    # rest on both sides. Another solver of the same problem, from a random state, is as bad.
    v = rng().integers(0, 10, 9000)
    accuracy = sap(v[:, None] * 1.0, v[:, None]).matrix[0, 0]
    dual = LinearSVC(C=0.01, class_weight="balanced", dual=True, random_state=1, max_iter=20_000)
    code = StandardScaler().fit_transform(v[:, None])
    dual.fit(code[:6000], v[:6000])
    assert accuracy == pytest.approx(dual.score(code[6000:], v[6000:]), abs=0.05)
    assert accuracy < 0.5


def test_a_dead_code_names_the_most_frequent_class():
    v = np.where(np.arange(9000) % 4 == 0, 3, 7)  # a quarter is 3
    for codes in (np.stack([v, np.full(9000, 1.5)], axis=1), v[:, None] * 1.0):
        result = sap(codes, v[:, None])
        assert result.matrix[0, 0] == 1
        # Three quarters of 3000 test points are 7, and 1 - 3/4 is the gap, also of a single code.
        assert result.score == pytest.approx(0.25, abs=0.025)


def test_the_seed_chooses_the_split():
    v = rng().integers(0, 2, 2000)
    codes = v[:, None] + rng().normal(size=(2000, 2))
    assert sap(codes, v[:, None], seed=0).score != sap(codes, v[:, None], seed=1).score


@pytest.mark.filterwarnings("ignore:sap was given")
def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="too few to predict factor 0"):
        sap(np.eye(2), np.array([[0], [1]]))


def test_the_accuracy_is_that_of_the_test_points():
    v = rng().integers(0, 2, 6000)
    test = np.random.default_rng(0).permutation(6000)[4000:]
    code = v.copy()
    code[test] = 1 - v[test]  # all training points right, all test points wrong
    assert sap(code[:, None], v[:, None]).matrix[0, 0] == 0


def test_rare_classes_weigh_as_much_as_frequent_ones():
    v = (np.arange(9000) % 10 == 0).astype(int)
    code = v + rng().normal(size=9000)
    # The threshold is midway, at 1/2, so Phi(1/2) = 0.69 of both classes is right; unweighted, all
    # would be called frequent, and 0.9 right.
    assert sap(code[:, None], v[:, None]).matrix[0, 0] == pytest.approx(0.69, abs=0.05)

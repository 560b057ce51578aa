"""MMD between Gaussians, where the expectation of either kernel is known."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.integrate import quad
from scipy.stats import chi2, ncx2

from kerasvae.backend import jit
from kerasvae.estimators.mmd import mmd

DIMENSIONS = 3
WAE_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SHIFT = np.array([1.0, 0.5, 0.0])


def expected_kernel(kernel, shift2, bandwidth):
    """E k(a, b) for a - b ~ N(shift, 2 I): |a - b|^2 is twice a chi-squared variable."""
    if kernel == "rbf":
        width = bandwidth + 4
        return (bandwidth / width) ** (DIMENSIONS / 2) * np.exp(-shift2 / width)
    law = ncx2(DIMENSIONS, shift2 / 2) if shift2 else chi2(DIMENSIONS)
    return sum(
        quad(lambda r, c=s * bandwidth: c / (c + 2 * r) * law.pdf(r), 0, 200)[0] for s in WAE_SCALES
    )


def expected_mmd(kernel, shift, bandwidth):
    shift2 = float(np.sum(shift**2))
    return 2 * expected_kernel(kernel, 0, bandwidth) - 2 * expected_kernel(
        kernel, shift2, bandwidth
    )


@pytest.mark.parametrize(("kernel", "default"), [("rbf", DIMENSIONS**2), ("imq", 2 * DIMENSIONS)])
@pytest.mark.parametrize("bandwidth", [None, 1.0])
@pytest.mark.parametrize("shift", [SHIFT, 0 * SHIFT])
def test_unbiased_at_the_closed_form(kernel, default, bandwidth, shift):
    rng = np.random.default_rng(0)
    # Small samples, many times: the bias of the plain mean over all pairs would be 2 / n here.
    compiled = jit(lambda x, y: mmd(x, y, kernel, bandwidth))
    draws = [(rng.normal(size=(20, 3)), rng.normal(size=(30, 3)) + shift) for _ in range(200)]
    values = [float(compiled(x.astype("float32"), y.astype("float32"))) for x, y in draws]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected_mmd(kernel, shift, bandwidth or default)) < 4 * error
    assert error < 0.02


def test_kernels_by_hand():
    x, y = np.zeros((2, 2)), np.ones((2, 2))  # squared distance 2 between, 0 within
    assert float(mmd(x, y, "rbf")) == pytest.approx(2 - 2 * np.exp(-2 / 4), rel=1e-5)
    between = sum(4 * s / (4 * s + 2) for s in WAE_SCALES)
    assert float(mmd(x, y, "imq")) == pytest.approx(2 * 7 - 2 * between, rel=1e-5)


@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_gradients_equal_finite_differences(kernel):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 2)).astype("float32"), rng.normal(size=(5, 2)).astype("float32")
    variable = keras.Variable(x)
    if keras.backend.backend() == "jax":
        import jax

        computed = np.asarray(jax.grad(lambda x: mmd(x, y, kernel))(variable.value))
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = mmd(variable, y, kernel)
        computed = tape.gradient(value, variable.value).numpy()
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-2
        difference = float(mmd(x + step, y, kernel)) - float(mmd(x - step, y, kernel))
        assert abs(computed[index] - difference / 2e-2) < 1e-3


def test_a_single_row_stays_finite():
    value = float(mmd(np.zeros((1, 2)), np.ones((5, 2))))
    assert value == pytest.approx(1 - 2 * np.exp(-2 / 4), rel=1e-5)
    assert ops.shape(mmd(np.zeros((1, 2)), np.ones((1, 2)))) == ()


@pytest.mark.parametrize("options", [{"kernel": "gaussian"}, {"bandwidth": 0}, {"bandwidth": -1}])
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match="Received: "):
        mmd(np.zeros((2, 2)), np.zeros((2, 2)), **options)

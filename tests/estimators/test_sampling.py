"""Draws along a data set's order, and the normal density against SciPy's."""

import numpy as np
import pytest
from scipy.stats import norm

from kerasvae.estimators.sampling import check_scale, log_normal_density, systematic_draw

pytestmark = pytest.mark.numpy_only


@pytest.mark.parametrize("total, samples", [(10, 25), (7, 7), (1000, 30), (1, 4)])
def test_images_come_up_equally_often_but_for_one(total, samples):
    drawn = systematic_draw(total, samples, np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=total)
    assert len(drawn) == samples and (np.diff(drawn) >= 0).all() and drawn.max() < total
    assert counts.min() >= samples // total - 1 and counts.max() <= -(-samples // total) + 1
    if samples <= total:  # one in each stretch
        stretch = drawn * samples // total
        assert np.abs(stretch - np.arange(samples)).max() <= 1


def test_every_image_has_the_same_chance():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([systematic_draw(10, 4, rng) for _ in range(5000)])
    share = np.bincount(drawn, minlength=10) / len(drawn)
    # 20,000 draws: five standard deviations of a share of 1/10 are 0.0106.
    assert np.abs(share - 0.1).max() < 0.0106


def test_the_density_is_scipys():
    rng = np.random.default_rng(0)
    z, loc = rng.normal(size=(2, 50)).astype("float32")
    scale = rng.uniform(1e-3, 2, 50).astype("float32")
    expected = norm.logpdf(z.astype(float), loc.astype(float), scale.astype(float))
    np.testing.assert_allclose(log_normal_density(z, loc, scale), expected, rtol=1e-9)


def test_scales_that_are_logarithms_are_refused():
    check_scale(np.array([[1e-30]]))
    for wrong in (0.0, -1.0, 1e-40):
        with pytest.raises(ValueError, match=r"not its logarithm. Received: scale\[1\]"):
            check_scale(np.array([[1.0], [wrong]]))

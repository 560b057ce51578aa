"""Images that share a factor, by enumeration; every image encoded once; codes as embed gives."""

import numpy as np
import pytest

from kerasvae.data import FactorDataset
from kerasvae.metrics.embedding import BATCH, DrawnCodes, FactorDraws

pytestmark = pytest.mark.numpy_only

VALUES = {"a": range(2), "b": range(3), "c": range(4)}
# No grid: value 0 of a has six images, value 1 has two; b=2 has one.
PARTIAL = np.array(
    [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 2], [0, 1, 3], [0, 2, 0], [1, 0, 0], [1, 1, 3]]
)


def numbered(n, codes=None):
    """Images whose one pixel is their number."""
    pixels = np.arange(n, dtype="float32").reshape(-1, 1, 1, 1)
    return FactorDataset(pixels, VALUES, codes=codes)


@pytest.mark.parametrize("codes", [None, PARTIAL])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_images_of_equal_value_are_equally_likely(codes, column):
    dataset = numbered(24 if codes is None else len(codes), codes)
    draws = FactorDraws(dataset, 0, "test")
    factors = dataset.factors(slice(None))
    n = 6000
    for image in (0, len(dataset) - 1):
        drawn = draws.sharing(np.full(n, image), np.full(n, column))
        alike = np.flatnonzero(factors[:, column] == factors[image, column])
        count = np.bincount(drawn, minlength=len(dataset))
        expected = np.zeros(len(dataset))
        expected[alike] = n / len(alike)
        # Five standard deviations of a binomial count; images of other values are never drawn.
        bound = 5 * np.sqrt(expected * (1 - expected / n))
        assert (np.abs(count - expected) <= bound).all()


def test_each_pair_has_its_own_factor_and_value():
    dataset = numbered(24)
    draws = FactorDraws(dataset, 0, "test")
    images, factor = draws.images(3000), draws.factor(3000)
    assert set(factor) == {0, 1, 2}
    partners = draws.sharing(images, factor)
    equal = draws.factors[images] == draws.factors[partners]
    assert equal[np.arange(3000), factor].all()
    for column, size in enumerate(dataset.factor_sizes):  # the others agree by chance
        share = equal[factor != column, column].mean()
        assert abs(share - 1 / size) < 0.06  # n = 2000: 5 sigma of a share of 1/2


def test_every_image_is_encoded_once_and_in_bounded_batches():
    n = 2 * BATCH + 304
    values = {"a": range(2), "b": range(n // 2)}
    dataset = FactorDataset(np.arange(n, dtype="float32").reshape(-1, 1, 1, 1), values)
    seen = []

    def embed(images):
        seen.append(images[:, 0, 0, 0].astype(int))
        return np.concatenate([images[:, 0, 0], -images[:, 0, 0]], axis=1)

    rng = np.random.default_rng(0)
    first, second = rng.integers(n, size=(2, 3 * n // 4))  # a fifth is never drawn
    codes = DrawnCodes(embed, dataset, first, second)
    assert max(map(len, seen)) <= BATCH
    everything = np.concatenate(seen)
    np.testing.assert_array_equal(everything, np.unique([first, second]))
    np.testing.assert_array_equal(codes[first], np.stack([first, -first], axis=1))

    # The array of all codes is as good as the function.
    table = np.stack([np.arange(n), -np.arange(n)], axis=1)
    np.testing.assert_array_equal(DrawnCodes(table, dataset, first)[second], codes[second])


def test_groups_are_reduced_as_in_one_go(monkeypatch):
    dataset = numbered(24)
    table = np.random.default_rng(0).normal(size=(24, 3))
    first, second = np.random.default_rng(1).integers(24, size=(2, 50, 4))
    monkeypatch.setattr("kerasvae.metrics.embedding.GATHERED", 7 * 4 * 3)  # 7 groups at a time
    codes = DrawnCodes(table, dataset)
    result = codes.by_group(lambda a, b: (a - 2 * b).sum(axis=1), first, second)
    np.testing.assert_allclose(result, (table[first] - 2 * table[second]).sum(axis=1))


@pytest.mark.parametrize(
    "embed",
    [
        lambda images: np.full((len(images), 2), np.nan),
        lambda images: np.zeros((len(images) + 1, 2)),
        lambda images: np.zeros(len(images)),
        np.zeros((23, 2)),
    ],
)
def test_codes_that_do_not_fit_are_refused(embed):
    with pytest.raises(ValueError, match="Received"):
        DrawnCodes(embed, numbered(24), np.arange(24))


@pytest.mark.parametrize("values", [{"a": range(4)}, {"a": range(4), "b": range(1)}])
def test_factors_that_cannot_be_held_fixed_are_refused(values):
    dataset = FactorDataset(np.zeros((4, 1, 1, 1)), values)
    with pytest.raises(ValueError, match="two factors or more"):
        FactorDraws(dataset, 0, "irs")

"""Sets with known factors: indices, codes, values and samples agree with enumeration."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasvae.data import FactorDataset, ImageDataset
from kerasvae.data.factors import codes_and_values

pytestmark = pytest.mark.numpy_only

SIZES = (2, 3, 4)
GRID = np.array(list(itertools.product(*(range(size) for size in SIZES))))  # (24, 3)
VALUES = {"shape": ["square", "heart"], "scale": [0.5, 0.75, 1.0], "x": range(4)}


def pixels(count):
    """Images that tell their number: image i is filled with i / 255."""
    return np.arange(count, dtype="uint8").reshape(-1, 1, 1, 1) + np.zeros((1, 2, 2, 1), "uint8")


def full_grid():
    return FactorDataset(pixels(24), VALUES, maximum=255, name="grid")


def shuffled_grid():
    order = np.random.default_rng(0).permutation(24)
    return FactorDataset(pixels(24), VALUES, codes=GRID[order], maximum=255)


def partial():
    """No grid: some combinations twice, others never."""
    return FactorDataset(pixels(10), VALUES, codes=GRID[[0, 0, 3, 5, 9, 9, 12, 20, 22, 23]])


def test_images_are_floats_from_0_to_1():
    dataset = ImageDataset(pixels(256), maximum=255)
    images = dataset.images(range(256))
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    np.testing.assert_allclose(images[:, 0, 0, 0], np.arange(256) / 255, rtol=1e-6)


def test_float_images_come_back_as_they_are():
    array = np.random.default_rng(0).random((5, 3, 3, 2)).astype("float32")
    dataset = ImageDataset(array)
    np.testing.assert_array_equal(dataset.images([3, 1]), array[[3, 1]])
    assert dataset.image_shape == (3, 3, 2)
    assert len(dataset) == 5


@pytest.mark.parametrize(
    "indices", [[2, 5], (2, 5), np.array([2, 5], "uint8"), range(2, 8, 3), slice(2, 8, 3)]
)
def test_ways_to_index(indices):
    dataset = full_grid()
    np.testing.assert_allclose(dataset.images(indices)[:, 0, 0, 0] * 255, [2, 5], rtol=1e-6)
    np.testing.assert_array_equal(dataset.factors(indices), GRID[[2, 5]])


def test_one_index_is_a_batch_of_one():
    assert full_grid().images(3).shape == (1, 2, 2, 1)
    assert full_grid().images([]).shape == (0, 2, 2, 1)


@pytest.mark.parametrize("indices", [[24], [-1], [0, 99]])
def test_indices_out_of_range(indices):
    for read in (full_grid().images, full_grid().factors):
        with pytest.raises(IndexError, match=r"grid has images 0\.\.23"):
            read(indices)


@pytest.mark.parametrize("indices", [[0.5], ["a"], [True], [[0, 1]], None])
def test_indices_of_another_kind(indices):
    with pytest.raises(ValueError, match="whole numbers"):
        full_grid().images(indices)


@pytest.mark.parametrize("shape", [(3, 8, 8), (0, 8, 8, 1)])
def test_pixels_of_another_shape(shape):
    with pytest.raises(ValueError, match="height, width, channels"):
        ImageDataset(np.zeros(shape))


def test_grid_in_the_order_of_enumeration():
    dataset = full_grid()
    assert dataset.factor_names == ("shape", "scale", "x")
    assert dataset.factor_sizes == SIZES
    assert dataset.factor_values[1].tolist() == [0.5, 0.75, 1.0]
    np.testing.assert_array_equal(dataset.factors(range(24)), GRID)
    assert dataset.factors([0]).dtype == np.int64


@pytest.mark.parametrize("make", [full_grid, shuffled_grid])
def test_indices_of_inverts_factors(make):
    dataset = make()
    np.testing.assert_array_equal(dataset.indices_of(dataset.factors(range(24))), np.arange(24))


def test_no_grid_has_no_indices_of():
    with pytest.raises(ValueError, match="not such a grid"):
        partial().indices_of([[0, 0, 0]])


@pytest.mark.parametrize("factors", [[[0, 0]], [[2, 0, 0]], [[0, -1, 0]], [[0.0, 0, 0]], [0, 0, 0]])
def test_bad_factor_codes(factors):
    with pytest.raises(ValueError, match="factors: "):
        full_grid().indices_of(factors)


def test_lengths_that_do_not_fit():
    with pytest.raises(ValueError, match="expected 24 images.*23 images"):
        FactorDataset(pixels(23), VALUES)
    with pytest.raises(ValueError, match="a row for each of the 23 images. Received: 24"):
        FactorDataset(pixels(23), VALUES, codes=GRID)
    with pytest.raises(ValueError, match="codes run from 0"):
        FactorDataset(pixels(24), VALUES, codes=GRID + 1)


@pytest.mark.parametrize("make", [full_grid, shuffled_grid, partial])
def test_samples_are_the_datasets_own(make):
    dataset = make()
    images, factors = dataset.sample(50, seed=1)
    indices = dataset.sample_indices(50, seed=1)
    np.testing.assert_array_equal(images, dataset.images(indices))
    np.testing.assert_array_equal(factors, dataset.factors(indices))
    again, _ = dataset.sample(50, seed=1)
    other, _ = dataset.sample(50, seed=2)
    np.testing.assert_array_equal(images, again)
    assert (images != other).any()


@pytest.mark.parametrize("make", [full_grid, shuffled_grid, partial])
@pytest.mark.parametrize("factor", ["scale", 1, np.int64(1)])
def test_sample_fixed_holds_one_factor(make, factor):
    dataset = make()
    images, factors = dataset.sample_fixed(factor, 2, 400, seed=0)
    assert images.shape == (400, 2, 2, 1)
    assert (factors[:, 1] == 2).all()
    # Every image with that value is drawn: of at most 8, one is missed with p < 8 (7/8)^400.
    every = dataset.factors(range(len(dataset)))
    expected = np.unique(every[every[:, 1] == 2], axis=0)
    np.testing.assert_array_equal(np.unique(factors, axis=0), expected)


def test_sample_fixed_leaves_the_others_uniform():
    _, factors = full_grid().sample_fixed("shape", 1, 6000, seed=0)
    for column, size in ((1, 3), (2, 4)):
        counts = np.bincount(factors[:, column], minlength=size)
        # five standard deviations of a binomial count
        assert abs(counts - 6000 / size).max() < 5 * np.sqrt(6000 / size)


def test_a_generator_is_a_seed_that_moves_on():
    generator = np.random.default_rng(0)
    first, second = (full_grid().sample_indices(20, generator) for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize(
    ("factor", "value", "message"),
    [
        ("scal", 0, "Did you mean 'scale'"),
        (3, 0, "factor must be one of shape, scale, x"),
        ("scale", 3, r"scale has codes 0\.\.2. Received: value=3"),
        ("scale", -1, "Received: value=-1"),
        ("scale", 0.5, "Received: value=0.5"),
        ("scale", None, "Received: value=None"),
    ],
)
def test_bad_fixed_factors(factor, value, message):
    with pytest.raises(ValueError, match=message):
        full_grid().sample_fixed(factor, value, 5)


def test_a_value_that_no_image_has():
    dataset = FactorDataset(pixels(2), {"digit": range(10)}, codes=np.array([[1], [2]]))
    with pytest.raises(ValueError, match="no image has digit=5"):
        dataset.sample_fixed("digit", 5, 3)


def test_bad_sample_size():
    with pytest.raises(ValueError, match="Received: n=0"):
        full_grid().sample(0)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**32))
def test_grids_of_any_size(sizes, seed):
    count = int(np.prod(sizes))
    values = {f"factor{k}": range(size) for k, size in enumerate(sizes)}
    dataset = FactorDataset(np.zeros((count, 1, 1, 1)), values)
    grid = np.array(list(itertools.product(*(range(size) for size in sizes))))
    np.testing.assert_array_equal(dataset.factors(range(count)), grid)
    _, factors = dataset.sample(20, seed)
    assert (factors < sizes).all()


def test_codes_from_real_values():
    labels = np.array([[0.5, 3.0], [1.0, -1.0], [0.5, -1.0]])
    codes, values = codes_and_values(labels, ["scale", "x"], "file")
    assert codes.tolist() == [[0, 1], [1, 0], [0, 0]]
    assert values["x"].tolist() == [-1.0, 3.0]
    with pytest.raises(ValueError, match="file: expected finite labels"):
        codes_and_values(labels[:, :1], ["scale", "x"], "file")
    with pytest.raises(ValueError, match="finite"):
        codes_and_values(labels * np.nan, ["scale", "x"], "file")


def test_repr_is_short():
    text = "<grid: 24 images of 2x2x1; shape 2, scale 3, x 4>"
    assert repr(full_grid()) == text
    assert repr(full_grid().keras_dataset(5)) == f"<5 batches of 5 from {text}, shuffled, seed=0>"


def test_keras_dataset_passes_everything_on():
    batches = full_grid().keras_dataset(5, seed=2, first_step=3, steps_per_epoch=7)
    assert (batches.batch_size, batches.seed, batches.first_step, len(batches)) == (5, 2, 3, 7)
    in_order = full_grid().keras_dataset(5, seed=None)
    np.testing.assert_allclose(in_order[1][:, 0, 0, 0] * 255, np.arange(5, 10), rtol=1e-6)

"""Pairs: exactly k factors change, all sets of k alike, each batch known from its number."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from kerasvae.data import FactorDataset, ImageBatches, PairBatches, Pairs, as_dataset, load
from kerasvae.data.pair_sources import are_pairs, as_pairs

pytestmark = pytest.mark.numpy_only

SIZES = (2, 3, 4)
GRID = np.array(list(itertools.product(*map(range, SIZES))))


def numbered(codes=None, sizes=SIZES):
    """A data set whose images carry their number; image i has the value i / 1000."""
    count = math.prod(sizes) if codes is None else len(codes)
    pixels = np.arange(count, dtype="float32").reshape(-1, 1, 1, 1) / 1000
    return FactorDataset(pixels, {f"f{k}": range(s) for k, s in enumerate(sizes)}, codes)


def numbers(pairs):
    return np.rint(pairs[..., 0, 0, 0] * 1000).astype(int)


def three_kinds():
    order = np.random.default_rng(0).permutation(len(GRID))
    return {
        "grid": (numbered(), GRID),
        "shuffled grid": (numbered(GRID[order]), GRID[order]),
        "two of each": (numbered(np.repeat(GRID, 2, axis=0)), np.repeat(GRID, 2, axis=0)),
    }


@pytest.mark.parametrize("changed", [1, 2, 3])
@pytest.mark.parametrize("kind", three_kinds())
def test_exactly_k_change_with_the_frequencies_of_the_definition(kind, changed):
    """Against enumeration: sets of k factors alike, and within a set all other values alike."""
    dataset, codes = three_kinds()[kind]
    n = 40_000 if dataset.is_grid else 4000
    images, mask = Pairs(dataset, changed).sample(n, seed=1)
    first, second = numbers(images).T
    differs = codes[first] != codes[second]
    np.testing.assert_array_equal(differs, mask)
    assert (differs.sum(axis=1) == changed).all()

    subsets = list(itertools.combinations(range(3), changed))
    drawn = Counter(map(tuple, np.column_stack([mask, codes[second]]).astype(int)))
    expected = Counter()
    for code, subset in itertools.product(GRID, subsets):
        others = [set(range(SIZES[k])) - {code[k]} if k in subset else {code[k]} for k in range(3)]
        share = n / len(GRID) / len(subsets) / math.prod(len(values) for values in others)
        for other in itertools.product(*others):
            expected[(*(int(k in subset) for k in range(3)), *map(int, other))] += share
    assert set(drawn) <= set(expected)
    for key, mean in expected.items():
        assert abs(drawn[key] - mean) < 5 * math.sqrt(mean), key


def test_random_is_uniform_from_1_to_all_but_one():
    for dataset, _ in three_kinds().values():
        _, mask = Pairs(dataset, "random").sample(3000, seed=0)
        counts = np.bincount(mask.sum(axis=1).astype(int), minlength=4)
        assert counts[[0, 3]].tolist() == [0, 0]
        assert abs(counts[1] - 1500) < 5 * math.sqrt(3000) / 2


def test_factors_with_one_value_never_change():
    dataset = numbered(sizes=(1, 3, 1, 2))
    _, mask = Pairs(dataset, "random").sample(500)
    assert mask.sum(axis=0).tolist()[::2] == [0, 0]
    assert set(mask.sum(axis=1)) == {1}
    _, mask = Pairs(load("digits"), "random").sample(50)
    assert (mask == 1).all()


@pytest.mark.parametrize("changed", [0, 4, -1, 1.5, True, "all", "Random", None])
def test_other_numbers_are_refused(changed):
    if changed is None:
        assert Pairs(numbered()).changed == 1
        return
    with pytest.raises(ValueError, match="changed.*Received: changed="):
        Pairs(numbered(), changed)


def test_no_partner_is_said():
    lonely = numbered(np.array([[0, 0, 0], [1, 1, 1], [1, 1, 0]]))
    with pytest.raises(ValueError, match=r"exactly 1 factors from one with factors \[0, 0, 0\]"):
        Pairs(lonely, 1).sample(50)


@pytest.mark.parametrize("kind", three_kinds())
def test_the_stream_goes_on_from_any_step(kind):
    pairs = Pairs(three_kinds()[kind][0], "random", seed=5, labelled=True)
    whole = pairs.keras_dataset(8, steps_per_epoch=20)
    later = pairs.keras_dataset(8, first_step=7, steps_per_epoch=13)
    for index in (0, 5, 12):
        for a, b in zip(whole[index + 7], later[index], strict=True):
            np.testing.assert_array_equal(a, b)
    other = pairs.keras_dataset(8, seed=6, steps_per_epoch=20)
    assert (other[0][0] != whole[0][0]).any()
    assert (whole[0][0] != whole[1][0]).any()


def test_an_epoch_has_every_first_image_once():
    dataset = numbered()
    batches = Pairs(dataset, 1, seed=2).keras_dataset(8)
    epoch = np.concatenate(list(batches))
    assert sorted(numbers(epoch)[:, 0]) == list(range(24))
    again = np.concatenate(list(batches))
    assert (numbers(again)[:, 1] != numbers(epoch)[:, 1]).any()  # other partners next time
    order = np.concatenate(list(ImageBatches(dataset, 8, seed=2)))
    np.testing.assert_array_equal(epoch[:, 0], order)


def test_own_pairs():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 10, 4, 4, 3)).astype("float32")
    changed = rng.integers(0, 2, (10, 5))
    pairs = Pairs((first, second), changed, seed=1, labelled=True)
    assert (len(pairs), pairs.image_shape) == (10, (4, 4, 3))
    batches = pairs.keras_dataset(4)
    images, mask = (np.concatenate(part) for part in zip(*batches, strict=True))
    for pair, row in zip(images, mask, strict=True):
        number = np.flatnonzero((first == pair[0]).all(axis=(1, 2, 3)))[0]
        np.testing.assert_array_equal(pair[1], second[number])
        np.testing.assert_array_equal(row, changed[number])
    stacked = Pairs(np.stack([first, second], axis=1), seed=1).keras_dataset(4)
    np.testing.assert_array_equal(stacked[1], images[4:8])


@pytest.mark.parametrize(
    ("source", "changed", "message"),
    [
        ((np.zeros((3, 4, 4, 1)), np.zeros((2, 4, 4, 1))), None, "3 and 2"),
        ((np.zeros((3, 4, 4, 1)), np.zeros((3, 5, 4, 1))), None, "second: .*shape"),
        ((np.zeros((3, 4, 4, 1)) + 9, np.zeros((3, 4, 4, 1))), None, "first: .*divide by 255"),
        ((np.zeros((3, 4, 4, 1)), np.zeros((3, 4, 4, 1))), 1, "k and 'random' draw pairs"),
        ((np.zeros((3, 4, 4, 1)), np.zeros((3, 4, 4, 1))), np.full((3, 2), 2), "0 and 1"),
        (np.zeros((3, 4, 4, 1)), None, r"ndarray of shape \(3, 4, 4, 1\)"),
        (None, None, "Received: NoneType"),
    ],
)
def test_bad_pairs_are_refused(source, changed, message):
    with pytest.raises(ValueError, match=message):
        Pairs(source, changed)


def test_labels_that_are_not_there():
    with pytest.raises(ValueError, match="labelled=True needs to know"):
        Pairs((np.zeros((3, 4, 4, 1)),) * 2, labelled=True)


def test_the_door_for_single_images_refuses_pairs():
    pairs = Pairs(numbered(), 1)
    for x in (pairs, pairs.keras_dataset(4)):
        with pytest.raises(ValueError, match="expected single images.*Received: Pair"):
            as_dataset(x)


# The door for pairs


def test_batches_without_a_seed_are_the_same_in_every_pass():
    batches = PairBatches(Pairs(numbered(), changed=1, seed=5), 10)
    first, second = ([np.copy(batch) for batch in batches] for _ in range(2))
    assert [len(batch) for batch in first] == [10, 10, 4]
    np.testing.assert_array_equal(numbers(np.concatenate(first))[:, 0], np.arange(24))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    other = next(iter(PairBatches(Pairs(numbered(), changed=1, seed=6), 10)))
    assert (other != first[0]).any()


def test_every_form_of_pairs_passes_the_door():
    images = numbered().images(range(24))
    own, pairs = np.stack([images, images[::-1]], axis=1), Pairs(numbered(), 1, labelled=True)
    forms = [pairs, pairs.keras_dataset(4), own, (images, images[::-1]), [images, images[::-1]]]
    for form in forms:
        source = as_pairs(form, (1, 1, 1))
        assert are_pairs(form) and source.length == 24 and source.image_shape == (1, 1, 1)
        assert as_pairs(source, (1, 1, 1)) is source
    np.testing.assert_array_equal(as_pairs(own).in_order(24)[0], own)
    stream = as_pairs(pairs, labelled=True).stream(4, seed=1, first_step=3)
    for one, two in zip(stream[0], pairs.keras_dataset(4, seed=1, first_step=3)[0], strict=True):
        np.testing.assert_array_equal(one, two)
    assert as_pairs(forms[1]).for_keras() is forms[1]


@pytest.mark.parametrize("x", [None, np.zeros((4, 1, 1, 1)), numbered(), (np.zeros(3), None)])
def test_what_is_no_pair_does_not(x):
    assert not are_pairs(x)
    with pytest.raises(ValueError, match="expected pairs of images.*Received: "):
        as_pairs(x)


def test_pairs_without_labels_where_they_are_needed():
    with pytest.raises(ValueError, match=r"Pairs\(\.\.\., labelled=True\)"):
        as_pairs(Pairs(numbered()), labelled=True)

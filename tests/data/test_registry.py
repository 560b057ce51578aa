"""Names, options, and the table of data sets."""

import numpy as np
import pytest

from kerasvae.data import describe, load, names

pytestmark = pytest.mark.numpy_only


@pytest.mark.parametrize(
    ("name", "hint"),
    [("dsprite", "dsprites"), ("shape3d", "shapes3d"), ("DIGITS", "digits"), ("norb", "smallnorb")],
)
def test_unknown_names_suggest_the_nearest(name, hint):
    with pytest.raises(ValueError, match=f"Did you mean '{hint}'.*Received: name='{name}'"):
        load(name)


@pytest.mark.parametrize("name", ["", "imagenet", None, 3])
def test_other_names_list_all(name):
    with pytest.raises(
        ValueError, match="one of dsprites, dsprites-mini, discs, colour-sprites, color-dsprites"
    ):
        load(name)


def test_unknown_options():
    with pytest.raises(ValueError, match="option of dsprites.*Did you mean 'cached'"):
        load("dsprites", cache=True)
    with pytest.raises(ValueError, match="digits takes no options. Received: path="):
        load("digits", path="x")


def test_the_table_agrees_with_the_data():
    assert tuple(info.name for info in describe()) == names()
    for info in describe():
        complete = np.prod(list(info.factors.values()))
        # Ten toys share each combination of smallNORB's factors; digits and clothes are no grid.
        others = {"smallnorb": 10 * complete, "digits": 1797}
        others |= dict.fromkeys(("mnist", "fashion-mnist"), 70_000)
        assert info.images == others.get(info.name, complete)
        if not info.needs_download:
            dataset = load(info.name)
            assert len(dataset) == info.images
            assert dataset.image_shape == info.image_shape
            assert (
                dict(zip(dataset.factor_names, dataset.factor_sizes, strict=True)) == info.factors
            )

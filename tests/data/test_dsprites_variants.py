"""Color-dSprites and Noisy-dSprites, against dSprites and the distribution of their nuisance."""

import numpy as np
import pytest

from kerasvae.data import load

pytestmark = pytest.mark.numpy_only
NAMES = ("color-dsprites", "noisy-dsprites")
INDICES = np.random.default_rng(0).integers(737_280, size=400)


@pytest.fixture(scope="module")
def sprites():
    return load("dsprites", image_size=32).images(INDICES)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_a_function_of_its_index_and_the_seed(name):
    first, again = load(name, image_size=16), load(name, image_size=16)
    images = first.images(INDICES[:20])
    np.testing.assert_array_equal(again.images(INDICES[:20][::-1]), images[::-1])
    np.testing.assert_array_equal(again.images(int(INDICES[7])), images[7:8])
    other = load(name, image_size=16, seed=1).images(INDICES[:20])
    assert all((one != two).any() for one, two in zip(images, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_factors_are_those_of_dsprites(name):
    dataset = load(name)
    plain = load("dsprites")
    np.testing.assert_array_equal(dataset.factors(INDICES), plain.factors(INDICES))
    assert dataset.factor_names == plain.factor_names


def test_a_coloured_sprite_has_one_random_colour_on_black(sprites):
    images = load("color-dsprites", image_size=32).images(INDICES)
    inside = sprites[..., 0] == 1
    assert (images[~inside] == 0).all()
    colours = images.max(axis=(1, 2))
    np.testing.assert_array_equal(images, sprites * colours[:, None, None])
    # Uniform on [0.5, 1]: mean 0.75 and variance 1/48; five standard errors of 1,200 draws.
    assert colours.min() >= 0.5 and colours.max() <= 1
    assert abs(colours.mean() - 0.75) < 5 * (1 / 48 / colours.size) ** 0.5
    assert abs(colours.var() - 1 / 48) < 0.1 / 48 * 1.5
    assert np.abs(np.corrcoef(colours.T) - np.eye(3)).max() < 5 / 400**0.5


def test_a_noisy_sprite_is_white_on_uniform_noise(sprites):
    images = load("noisy-dsprites", image_size=32).images(INDICES)
    inside = sprites[..., 0] == 1
    assert (images[inside] == 1).all()
    noise = images[~inside]
    # A uniform number's mean is 1/2, its variance 1/12.
    assert abs(noise.mean() - 0.5) < 5 * (1 / 12 / noise.size) ** 0.5
    assert abs(noise.var() - 1 / 12) < 0.001
    assert noise.min() >= 0 and noise.max() < 1
    assert len(np.unique(images[:, 0, 0])) > 1000  # the images' noise differs

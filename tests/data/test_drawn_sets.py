"""Discs and colour sprites: what is drawn is what the factors say, measured on the pictures."""

import colorsys

import numpy as np
import pytest

from kerasvae.data import load

pytestmark = pytest.mark.numpy_only


def everything(name):
    dataset = load(name)
    codes = dataset.factors(range(len(dataset)))
    values = [axis[code] for axis, code in zip(dataset.factor_values, codes.T, strict=True)]
    return dataset.images(range(len(dataset))), codes, values


@pytest.mark.parametrize("name", ["discs", "colour-sprites"])
def test_no_two_images_are_alike(name):
    images, _, _ = everything(name)
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1


def test_the_centre_and_area_of_discs():
    """Centre of mass and area of each picture against the disc that the factors describe."""
    images, _, (x, y, radius) = everything("discs")
    pixels, centres = images[..., 0].astype("float64"), np.arange(32) + 0.5
    area = pixels.sum(axis=(1, 2))
    # No disc touches the border, so that nothing is cut off but the edge's faint tail.
    np.testing.assert_allclose(pixels.sum(1) @ centres / area, x, atol=0.05)
    np.testing.assert_allclose(pixels.sum(2) @ centres / area, y, atol=0.05)
    # integral of 2 pi r / (1 + exp(2 (r - R))) = pi R^2 + pi^3 / 12, but for terms of e^(-2R)
    np.testing.assert_allclose(area, np.pi * radius**2 + np.pi**3 / 12, rtol=0.01)


def test_discs_are_crisp():
    """From black to white within four pixels, and the middle of the edge at the radius."""
    images, _, (x, y, radius) = everything("discs")
    centres = np.arange(32) + 0.5
    distance = np.sqrt(
        (centres - x[:, None, None]) ** 2 + (centres[:, None] - y[:, None, None]) ** 2
    )
    outside, pixels = distance - radius[:, None, None], images[..., 0]
    assert pixels[outside > 2].max() < 0.02
    assert pixels[outside < -2].min() > 0.98
    np.testing.assert_array_equal(pixels[outside > 1e-6] < 0.5, True)
    np.testing.assert_array_equal(pixels[outside < -1e-6] > 0.5, True)


def test_hues_shapes_and_positions_of_colour_sprites():
    images, codes, (shape, object_hue, background_hue, x, y) = everything("colour-sprites")
    corner, extents = images[:, 0, 0], []
    for image, ground, hue, ground_hue, left, top in zip(
        images, corner, object_hue, background_hue, x, y, strict=True
    ):
        inside = (image != ground).any(axis=-1)
        rows, columns = np.nonzero(inside)
        colours = np.unique(image[inside], axis=0)
        assert len(colours) == 1  # one colour, and the ground another
        assert colorsys.rgb_to_hsv(*colours[0])[0] == pytest.approx(hue, abs=0.005)
        assert colorsys.rgb_to_hsv(*ground)[0] == pytest.approx(ground_hue, abs=0.005)
        assert colours[0].max() > ground.max() + 0.4  # the object is brighter
        # The middle of the shape lies where dSprites has it: from 8 to 24 of 32 pixels.
        assert abs((columns.min() + columns.max() + 1) / 2 - (8 + 16 * left)) < 1
        assert abs((rows.min() + rows.max() + 1) / 2 - (8 + 16 * top)) < 2.5
        extents.append((np.ptp(columns), np.ptp(rows), inside.sum()))
    extents = np.array(extents)
    assert extents[shape == "ellipse"][:, 0].min() > extents[shape == "ellipse"][:, 1].max() + 3
    square = extents[shape == "square"]
    np.testing.assert_array_equal(square[:, 0], square[:, 1])


def test_factors_change_one_thing():
    """Two pictures that differ in the ground alone differ outside the shape alone."""
    dataset = load("colour-sprites")
    first = dataset.images(dataset.indices_of([[2, 1, 0, 3, 3]]))[0]
    second = dataset.images(dataset.indices_of([[2, 1, 4, 3, 3]]))[0]
    same = (first == second).all(axis=-1)
    np.testing.assert_array_equal(same, (first != first[0, 0]).any(axis=-1))
    assert 0 < same.sum() < 400

"""Color-dSprites and Noisy-dSprites: the grid of dSprites with a nuisance that is not a factor.

Each image's nuisance is drawn from its index, so an image is the same whenever it is read.
"""

from collections.abc import Callable

import numpy as np

from kerasvae.checks import check_count
from kerasvae.data.dsprites import FACTOR_VALUES, load_dsprites
from kerasvae.data.factors import FactorDataset


def load_color_dsprites(image_size: int = 64, seed: int = 0) -> FactorDataset:
    """The grid of dSprites, each sprite in a random colour on black, 64x64x3.

    Formula:
        pixel = sprite * colour, with colour uniform on [0.5, 1] for each channel of an image.

    Args:
        image_size: height and width in pixels, 16, 32 or 64.
        seed: whole number; another seed gives the images other colours.

    Returns:
        A `FactorDataset` with the factors of dSprites; the colour is not one of them.

    Raises:
        ValueError: another image_size, or a seed that is no whole number.

    References:
        Locatello et al. 2019, Challenging common assumptions, section 5.

    Example:
        >>> load_color_dsprites()
        <color-dsprites: 737,280 images of 64x64x3; shape 3, scale 6, orientation 40, x 32, y 32>
    """
    return _varied("color-dsprites", image_size, seed, _colour)


def load_noisy_dsprites(image_size: int = 64, seed: int = 0) -> FactorDataset:
    """The grid of dSprites, white sprites on a ground of uniform noise, 64x64x3.

    Formula:
        pixel = min(1, sprite + noise), with noise uniform on [0, 1] for each pixel and channel.

    Args:
        image_size: height and width in pixels, 16, 32 or 64.
        seed: whole number; another seed gives the images other noise.

    Returns:
        A `FactorDataset` with the factors of dSprites.

    Raises:
        ValueError: another image_size, or a seed that is no whole number.

    References:
        Locatello et al. 2019, Challenging common assumptions, section 5.

    Example:
        >>> load_noisy_dsprites(image_size=16).image_shape
        (16, 16, 3)
    """
    return _varied("noisy-dsprites", image_size, seed, _noise)


def _colour(generator: np.random.Generator, sprite: np.ndarray) -> np.ndarray:
    return sprite * (0.5 + 0.5 * generator.random(3, "float32"))


def _noise(generator: np.random.Generator, sprite: np.ndarray) -> np.ndarray:
    return np.minimum(1, sprite + generator.random((*sprite.shape[:2], 3), "float32"))


def _varied(name: str, image_size: int, seed: int, vary: Callable) -> FactorDataset:
    sprites = load_dsprites(image_size=image_size)
    return FactorDataset(
        VariedImages(sprites, check_count("seed", seed), vary), FACTOR_VALUES, name=name
    )


class VariedImages:
    """Images in colour, made from grey ones and the random numbers of each one's index.

    Args:
        dataset: the grey images.
        seed: whole number.
        vary: from a generator and a grey image (H, W, 1) to (H, W, 3) in [0, 1].
    """

    def __init__(self, dataset: FactorDataset, seed: int, vary: Callable):
        self.dataset, self.seed, self.vary = dataset, seed, vary
        self.shape = (len(dataset), *dataset.image_shape[:2], 3)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        sprites = self.dataset.images(indices)
        images = np.empty((len(sprites), *self.shape[1:]), "float32")
        for image, sprite, index in zip(images, sprites, indices, strict=True):
            generator = np.random.Generator(np.random.Philox(key=[self.seed, int(index)]))
            image[:] = self.vary(generator, sprite)
        return images

"""What the explorer can show; anything else is refused before it is drawn."""

import numpy as np

from kerasvae.data import ImageDataset
from kerasvae.models import LatentVariableModel


def check_shown(model, dataset) -> None:
    """Refuse a model and a data set that do not go together, or that no page can show.

    Raises:
        ValueError: of another kind, of other shapes, or not of 1 or 3 channels.
    """
    if not isinstance(model, LatentVariableModel):
        raise ValueError(
            "model: expected a model of kerasvae, such as kerasvae.BetaVAE. "
            f"Received: {type(model).__name__}"
        )
    if not isinstance(dataset, ImageDataset):
        raise ValueError(
            "dataset: expected a data set, from kerasvae.data.load, or of your own images "
            f"kerasvae.data.ImageDataset(images). Received: {type(dataset).__name__}"
        )
    if tuple(dataset.image_shape) != tuple(model.image_shape):
        raise ValueError(
            f"dataset: expected images of the model's shape {tuple(model.image_shape)}. "
            f"Received: {dataset.name} with images of shape {dataset.image_shape}"
        )
    if dataset.image_shape[-1] not in (1, 3):
        raise ValueError(
            "dataset: expected images of 1 or 3 channels, which can be shown. "
            f"Received: images of shape {dataset.image_shape}"
        )


def check_index(dataset, index) -> None:
    """Refuse what is not the index of an image.

    Raises:
        ValueError: not a whole number, or out of range.
    """
    if isinstance(index, bool) or not isinstance(index, int | np.integer):
        raise ValueError(f"image: expected a whole number. Received: image={index!r}")
    if not 0 <= index < len(dataset):
        raise ValueError(
            f"image: {dataset.name} has images 0..{len(dataset) - 1}. Received: image={index}"
        )

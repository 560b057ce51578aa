"""Image sets with known factors, the user's own images, and how both are fed to Keras."""

from kerasvae.data.batches import ImageBatches
from kerasvae.data.cache import cache_folder
from kerasvae.data.door import as_dataset
from kerasvae.data.factors import FactorDataset
from kerasvae.data.folder import from_images
from kerasvae.data.images import ImageDataset
from kerasvae.data.registry import DatasetInfo, describe, load, names
from kerasvae.data.sources import ImageSource

__all__ = [
    "DatasetInfo",
    "FactorDataset",
    "ImageBatches",
    "ImageDataset",
    "ImageSource",
    "as_dataset",
    "cache_folder",
    "describe",
    "from_images",
    "load",
    "names",
]

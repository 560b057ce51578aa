"""Image sets with known factors, the user's own images, and how both are fed to Keras."""

from kerasvae.data.arrays import from_arrays
from kerasvae.data.batches import ImageBatches
from kerasvae.data.cache import cache_folder
from kerasvae.data.correlated import correlated
from kerasvae.data.door import as_dataset
from kerasvae.data.factors import FactorDataset
from kerasvae.data.folder import from_images
from kerasvae.data.images import ImageDataset
from kerasvae.data.npz import from_npz
from kerasvae.data.pairs import PairBatches, Pairs
from kerasvae.data.paths import from_path
from kerasvae.data.registry import DatasetInfo, describe, load, names
from kerasvae.data.sources import ImageSource
from kerasvae.data.table import from_table
from kerasvae.data.vectors import from_vectors

__all__ = [
    "DatasetInfo",
    "FactorDataset",
    "ImageBatches",
    "ImageDataset",
    "ImageSource",
    "PairBatches",
    "Pairs",
    "as_dataset",
    "cache_folder",
    "correlated",
    "describe",
    "from_arrays",
    "from_images",
    "from_npz",
    "from_path",
    "from_table",
    "from_vectors",
    "load",
    "names",
]

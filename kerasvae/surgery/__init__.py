"""ELBO surgery: what the KL term of a trained model consists of, over a whole data set."""

from kerasvae.surgery.decompose import decompose, decompose_posterior
from kerasvae.surgery.decomposition import Decomposition
from kerasvae.surgery.mixed import MixedInformation, mixed_information

__all__ = [
    "Decomposition",
    "MixedInformation",
    "decompose",
    "decompose_posterior",
    "mixed_information",
]

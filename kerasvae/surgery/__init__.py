"""ELBO surgery: what the KL term of a trained model consists of, over a whole data set."""

from kerasvae.surgery.decompose import decompose, decompose_posterior
from kerasvae.surgery.decomposition import Decomposition

__all__ = ["Decomposition", "decompose", "decompose_posterior"]

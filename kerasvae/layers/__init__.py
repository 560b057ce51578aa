"""Layers to import in any Keras model."""

from kerasvae.layers.gaussian_latent import GaussianLatent
from kerasvae.layers.gaussian_sampling import GaussianSampling

__all__ = ["GaussianLatent", "GaussianSampling"]

"""Disentanglement with variational autoencoders, for Keras 3."""

from kerasvae import data, layers, plotting, testing
from kerasvae.models import VAE, BetaVAE

__version__ = "0.1.0"
__all__ = ["VAE", "BetaVAE", "data", "layers", "plotting", "testing"]

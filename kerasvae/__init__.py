"""Disentanglement with variational autoencoders, for Keras 3."""

from kerasvae import callbacks, data, estimators, layers, models, plotting, surgery, testing
from kerasvae.models import DIPVAE, VAE, AnnealedVAE, BetaTCVAE, BetaVAE, InfoVAE

__version__ = "0.1.0"
__all__ = [
    "DIPVAE",
    "VAE",
    "AnnealedVAE",
    "BetaTCVAE",
    "BetaVAE",
    "InfoVAE",
    "callbacks",
    "data",
    "estimators",
    "layers",
    "models",
    "plotting",
    "surgery",
    "testing",
]

"""Disentanglement with variational autoencoders, for Keras 3."""

from kerasvae import (
    callbacks,
    data,
    estimators,
    layers,
    metrics,
    models,
    plotting,
    priors,
    surgery,
    testing,
)
from kerasvae.models import (
    DIPVAE,
    VAE,
    AdversarialAutoencoder,
    AnnealedVAE,
    BetaTCVAE,
    BetaVAE,
    FactorVAE,
    InfoGAN,
    InfoVAE,
)

__version__ = "0.1.0"
__all__ = [
    "DIPVAE",
    "VAE",
    "AdversarialAutoencoder",
    "AnnealedVAE",
    "BetaTCVAE",
    "BetaVAE",
    "FactorVAE",
    "InfoGAN",
    "InfoVAE",
    "callbacks",
    "data",
    "estimators",
    "layers",
    "metrics",
    "models",
    "plotting",
    "priors",
    "surgery",
    "testing",
]

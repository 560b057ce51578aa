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
    zoo,
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
from kerasvae.version import __version__  # noqa: F401  (kerasvae.__version__)

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
    "zoo",
]

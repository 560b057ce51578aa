"""Disentanglement with variational autoencoders, for Keras 3."""

from kerasvae import (
    callbacks,
    data,
    estimators,
    layers,
    losses,
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
    MarginalKLVAE,
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
    "MarginalKLVAE",
    "callbacks",
    "data",
    "estimators",
    "layers",
    "losses",
    "metrics",
    "models",
    "plotting",
    "priors",
    "surgery",
    "testing",
]

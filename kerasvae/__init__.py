"""Disentanglement with variational autoencoders, for Keras 3."""

import os

# TensorFlow leaves oneDNN off on processors without AVX-512, where it makes a convolutional
# model's step 2.5 times as fast. It is read when TensorFlow starts: import kerasvae before Keras.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from kerasvae import (  # noqa: E402
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
    training,
    zoo,
)
from kerasvae.models import (  # noqa: E402
    DIPVAE,
    GVAE,
    VAE,
    AdaGVAE,
    AdversarialAutoencoder,
    AnnealedVAE,
    BetaTCVAE,
    BetaVAE,
    FactorVAE,
    InfoGAN,
    InfoVAE,
    JointVAE,
    MarginalKLVAE,
)
from kerasvae.version import __version__  # noqa: E402, F401  (kerasvae.__version__)

__all__ = [
    "DIPVAE",
    "GVAE",
    "VAE",
    "AdaGVAE",
    "AdversarialAutoencoder",
    "AnnealedVAE",
    "BetaTCVAE",
    "BetaVAE",
    "FactorVAE",
    "InfoGAN",
    "InfoVAE",
    "JointVAE",
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
    "training",
    "zoo",
]

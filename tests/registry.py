"""One constructor for each public class: adding a class to the package is adding a line here."""

import numpy as np

from kerasvae import VAE, BetaVAE, layers

SMALL = {"image_shape": (8, 8, 1), "latent_dim": 3, "architecture": "mlp", "seed": 1}

OBJECTIVES = {
    "VAE": (VAE, SMALL),
    "VAE gaussian": (VAE, SMALL | {"likelihood": "gaussian", "likelihood_scale": "learned"}),
    "VAE continuous": (VAE, SMALL | {"likelihood": "continuous_bernoulli"}),
    "VAE burgess": (VAE, SMALL | {"image_shape": (28, 28, 2), "architecture": "burgess"}),
    "VAE locatello": (VAE, SMALL | {"image_shape": (32, 32, 3), "architecture": "locatello"}),
    "BetaVAE": (BetaVAE, SMALL | {"beta": 4.0, "warmup_steps": 5}),
}

LAYERS = {
    "GaussianSampling": (
        layers.GaussianSampling,
        {"seed": 3},
        (np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3), np.full((4, 3), 0.5, "float32")),
    ),
    "GaussianLatent": (
        layers.GaussianLatent,
        {"units": 3, "beta": 2.0, "seed": 3},
        np.linspace(-1, 1, 20, dtype="float32").reshape(4, 5),
    ),
}

"""One constructor for each public class: adding a class to the package is adding a line here."""

import numpy as np

from kerasvae import (
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
    layers,
)

SMALL = {"image_shape": (8, 8, 1), "latent_dim": 3, "architecture": "mlp", "seed": 1}

OBJECTIVES = {
    "VAE": (VAE, SMALL),
    "VAE gaussian": (VAE, SMALL | {"likelihood": "gaussian", "likelihood_scale": "learned"}),
    "VAE continuous": (VAE, SMALL | {"likelihood": "continuous_bernoulli"}),
    "VAE burgess": (VAE, SMALL | {"image_shape": (28, 28, 2), "architecture": "burgess"}),
    "VAE locatello": (VAE, SMALL | {"image_shape": (32, 32, 3), "architecture": "locatello"}),
    "BetaVAE": (BetaVAE, SMALL | {"beta": 4.0, "warmup_steps": 5}),
    "AnnealedVAE": (AnnealedVAE, SMALL | {"gamma": 10.0, "capacity": 2.0, "capacity_steps": 9}),
    "DIPVAE I": (DIPVAE, SMALL | {"kind": "I", "lambda_od": 2.0}),
    "DIPVAE II": (DIPVAE, SMALL | {"kind": "II", "lambda_od": 2.0, "lambda_d": 3.0}),
    "InfoVAE": (InfoVAE, SMALL | {"alpha": 0.5, "lambda_mmd": 10.0}),
    "InfoVAE WAE": (InfoVAE, SMALL | {"alpha": 1.0, "lambda_mmd": 10.0, "kernel": "imq"}),
    "MarginalKLVAE mss": (MarginalKLVAE, SMALL | {"lambda_marginal": 4.0, "dataset_size": 12}),
    "MarginalKLVAE ratio": (MarginalKLVAE, SMALL | {"estimator": "density-ratio"}),
    "BetaTCVAE mss": (BetaTCVAE, SMALL | {"beta": 4.0, "dataset_size": 12}),
    "BetaTCVAE mws": (BetaTCVAE, SMALL | {"estimator": "mws", "dataset_size": 12}),
    "BetaTCVAE bank": (BetaTCVAE, SMALL | {"estimator": "bank", "dataset_size": 12}),
    "FactorVAE": (FactorVAE, SMALL | {"gamma": 6.4}),
    "AdversarialAutoencoder": (AdversarialAutoencoder, SMALL | {"gamma": 2.0}),
    "AdversarialAutoencoder star": (AdversarialAutoencoder, SMALL | {"prior": "gaussian_mixture"}),
    "InfoGAN": (InfoGAN, SMALL | {"noise_dim": 4, "lambda_continuous": 0.5}),
    "InfoGAN classes": (InfoGAN, SMALL | {"categories": (5, 2), "noise_dim": 0}),
    "AdaGVAE": (AdaGVAE, SMALL | {"beta": 2.0}),
    "JointVAE": (JointVAE, SMALL | {"categories": (4,), "gamma": 5.0, "capacity_steps": 3}),
    "GVAE": (GVAE, SMALL | {"average": "ml-vae", "beta": 2.0}),
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
    "GaussianLatent with all terms": (
        layers.GaussianLatent,
        {
            "units": 3,
            "mutual_information": 0.5,
            "total_correlation": 5.0,
            "dimension_wise_kl": 0.5,
            "moments": 2.0,
            "dataset_size": 100,
            "seed": 3,
        },
        np.linspace(-1, 1, 20, dtype="float32").reshape(4, 5),
    ),
}

"""One objective, one file, one class."""

from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.beta_vae import BetaVAE
from kerasvae.models.vae import VAE

# Names on the command line.
BY_NAME = {"vae": VAE, "beta-vae": BetaVAE}

__all__ = ["BY_NAME", "VAE", "BetaVAE", "VariationalAutoencoder"]

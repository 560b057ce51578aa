"""One objective, one file, one class."""

from kerasvae.models.annealed_vae import AnnealedVAE
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.beta_tcvae import BetaTCVAE
from kerasvae.models.beta_vae import BetaVAE
from kerasvae.models.dip_vae import DIPVAE
from kerasvae.models.info_vae import InfoVAE
from kerasvae.models.vae import VAE

# Names on the command line.
BY_NAME = {
    "vae": VAE,
    "beta-vae": BetaVAE,
    "annealed-vae": AnnealedVAE,
    "dip-vae": DIPVAE,
    "info-vae": InfoVAE,
    "beta-tcvae": BetaTCVAE,
}

__all__ = [
    "BY_NAME",
    "DIPVAE",
    "VAE",
    "AnnealedVAE",
    "BetaTCVAE",
    "BetaVAE",
    "InfoVAE",
    "VariationalAutoencoder",
]

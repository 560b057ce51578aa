"""One objective, one file, one class."""

from kerasvae.models.ada_gvae import AdaGVAE
from kerasvae.models.adversarial_autoencoder import AdversarialAutoencoder
from kerasvae.models.annealed_vae import AnnealedVAE
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.beta_tcvae import BetaTCVAE
from kerasvae.models.beta_vae import BetaVAE
from kerasvae.models.dip_vae import DIPVAE
from kerasvae.models.factor_vae import FactorVAE
from kerasvae.models.gvae import GVAE
from kerasvae.models.info_gan import InfoGAN
from kerasvae.models.info_vae import InfoVAE
from kerasvae.models.joint_vae import JointVAE
from kerasvae.models.latent_variable_model import LatentVariableModel
from kerasvae.models.marginal_kl_vae import MarginalKLVAE
from kerasvae.models.vae import VAE

# Names on the command line.
BY_NAME = {
    "vae": VAE,
    "beta-vae": BetaVAE,
    "annealed-vae": AnnealedVAE,
    "dip-vae": DIPVAE,
    "info-vae": InfoVAE,
    "marginal-kl-vae": MarginalKLVAE,
    "beta-tcvae": BetaTCVAE,
    "factor-vae": FactorVAE,
    "adversarial-autoencoder": AdversarialAutoencoder,
    "infogan": InfoGAN,
    "ada-gvae": AdaGVAE,
    "gvae": GVAE,
    "joint-vae": JointVAE,
}

__all__ = [
    "BY_NAME",
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
    "LatentVariableModel",
    "MarginalKLVAE",
    "VariationalAutoencoder",
]

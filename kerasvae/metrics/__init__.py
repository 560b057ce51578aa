"""Scores of disentanglement: arrays in, a `Result` with the score and its parts out.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

from kerasvae.metrics.beta_vae_score import beta_vae_score
from kerasvae.metrics.dci import dci
from kerasvae.metrics.factor_vae_score import factor_vae_score
from kerasvae.metrics.gaussian_total_correlation import gaussian_total_correlation
from kerasvae.metrics.infomec import infomec
from kerasvae.metrics.irs import irs
from kerasvae.metrics.mig import mig
from kerasvae.metrics.mig_chen import mig_chen
from kerasvae.metrics.modularity import modularity
from kerasvae.metrics.result import Result
from kerasvae.metrics.sap import sap
from kerasvae.metrics.udr import udr

__all__ = [
    "Result",
    "beta_vae_score",
    "dci",
    "factor_vae_score",
    "gaussian_total_correlation",
    "infomec",
    "irs",
    "mig",
    "mig_chen",
    "modularity",
    "sap",
    "udr",
]

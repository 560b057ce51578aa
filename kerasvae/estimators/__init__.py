"""Estimators of the aggregated posterior q(z), and of distances between it and the prior.

`aggregate_posterior` has densities (exact, MWS, MSS) and the parts of the KL; `bank` has densities
whose value can be read; `moments`, `mmd` and `density_ratio` need no density; `mixtures` and
`marginals` stream over a whole data set.
"""

from kerasvae.estimators.aggregate_posterior import (
    ESTIMATORS,
    AggregatePosterior,
    aggregate_posterior,
    aggregate_posterior_exact,
    aggregate_posterior_mss,
    aggregate_posterior_mws,
    decomposition_terms,
    log_weights_stratified,
    pairwise_log_density,
)
from kerasvae.estimators.bank import aggregate_posterior_bank
from kerasvae.estimators.density_ratio import (
    discriminator_terms,
    log_density_ratio,
    permute_dims,
)
from kerasvae.estimators.mmd import mmd
from kerasvae.estimators.moments import aggregate_covariance, mean_covariance, moment_penalty

__all__ = [
    "ESTIMATORS",
    "AggregatePosterior",
    "aggregate_covariance",
    "aggregate_posterior",
    "aggregate_posterior_bank",
    "aggregate_posterior_exact",
    "aggregate_posterior_mss",
    "aggregate_posterior_mws",
    "decomposition_terms",
    "discriminator_terms",
    "log_density_ratio",
    "log_weights_stratified",
    "mean_covariance",
    "mmd",
    "moment_penalty",
    "pairwise_log_density",
    "permute_dims",
]

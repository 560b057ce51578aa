"""The objectives in plain Keras, as one would write them into a script: a few lines each.

Each takes what a batch gave and its weights, and returns the scalar that is minimised, in nats.
"""

from typing import NamedTuple

import numpy as np
from keras import ops, random


class Batch(NamedTuple):
    """What the networks made of a batch.

    Args:
        reconstruction: (batch,) nats.
        kl: (batch,) nats.
        loc, log_variance, z: (batch, D).
        step: training steps taken, scalar.
        noise: a seed generator.
        size: images in the batch, a number.
    """

    reconstruction: object
    kl: object
    loc: object
    log_variance: object
    z: object
    step: object
    noise: object
    size: int


def vae(batch):
    """reconstruction + kl."""
    return ops.mean(batch.reconstruction + batch.kl)


def beta_vae(batch, beta):
    """reconstruction + beta kl."""
    return ops.mean(batch.reconstruction + beta * batch.kl)


def annealed_vae(batch, gamma, capacity, steps=100_000):
    """reconstruction + gamma |kl - C(step)|."""
    reached = capacity * ops.minimum(ops.cast(batch.step, "float32") / steps, 1.0)
    return ops.mean(batch.reconstruction) + gamma * ops.abs(ops.mean(batch.kl) - reached)


def dip_vae(batch, lambda_od):
    """DIP-VAE-II with lambda_d = lambda_od: squared distance of the covariance from identity."""
    centred = batch.loc - ops.mean(batch.loc, axis=0)
    covariance = ops.matmul(ops.transpose(centred), centred) / batch.size
    dimensions = batch.loc.shape[1]
    covariance += ops.eye(dimensions) * ops.mean(ops.exp(batch.log_variance), axis=0)
    distance = ops.sum((covariance - ops.eye(dimensions)) ** 2)
    return ops.mean(batch.reconstruction + batch.kl) + lambda_od * distance


def info_vae(batch, lambda_mmd):
    """reconstruction + kl + (lambda - 1) MMD with a Gaussian kernel."""
    draws = random.normal(ops.shape(batch.z), seed=batch.noise)

    def similarity(a, b):
        distance = ops.sum((a[:, None] - b[None]) ** 2, axis=2)
        return ops.sum(ops.exp(-distance / a.shape[1] ** 2))

    pairs = batch.size * (batch.size - 1)
    within = similarity(batch.z, batch.z) + similarity(draws, draws) - 2 * batch.size
    distance = within / pairs - 2 * similarity(batch.z, draws) / batch.size**2
    return ops.mean(batch.reconstruction + batch.kl) + (lambda_mmd - 1) * distance


def beta_tcvae(batch, beta, dataset_size):
    """beta-TCVAE with minibatch stratified weights."""
    log_weights = _stratified(batch.size, dataset_size)
    log_q = _log_normal(batch.z[:, None], batch.loc[None], batch.log_variance[None])  # (B, B, D)
    log_qz = ops.logsumexp(log_weights + ops.sum(log_q, axis=2), axis=1)
    log_marginals = ops.sum(ops.logsumexp(log_weights[:, :, None] + log_q, axis=1), axis=1)
    log_qz_given_x = ops.sum(_log_normal(batch.z, batch.loc, batch.log_variance), axis=1)
    log_pz = ops.sum(_log_normal(batch.z, 0.0, ops.zeros_like(batch.z)), axis=1)
    information, correlation = log_qz_given_x - log_qz, log_qz - log_marginals
    return ops.mean(
        batch.reconstruction + information + beta * correlation + log_marginals - log_pz
    )


def _log_normal(z, loc, log_variance):
    squares = (z - loc) ** 2 * ops.exp(-log_variance)
    return -0.5 * (squares + log_variance + float(np.log(2 * np.pi)))


def _stratified(size, dataset_size):
    others = size - 1
    weights = np.full((size, size), 1 / others)
    rows = np.arange(size)
    weights[rows, rows] = 1 / dataset_size
    weights[rows, (rows + 1) % size] = (dataset_size - others) / (dataset_size * others)
    return np.log(weights).astype("float32")

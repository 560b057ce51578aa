"""Synthetic submissions to problem set 6; tests/test_assignments.py says how they are read."""

# Each of these fails a test that students see.
MISTAKES = {
    # The codes are rotated, the decoder is not.
    "rotated": """
def rotated(z, W, A):
    return z @ A.T, W


def covariance(W, variance):
    return W @ W.T + variance * np.eye(len(W))
""",
    # Rotated in the square, out of which the corners fall.
    "entangled": """
def entangled(z, A, prior):
    return z @ A.T
""",
    # The KL the other way round.
    "delta": """
def delta(mu_1, s_1, mu_2, s_2):
    return np.log(s_1 / s_2) + (s_2**2 + (mu_1 - mu_2) ** 2) / (2 * s_1**2) - 0.5
""",
    # One threshold for the batch.
    "shared": """
def shared(deltas):
    return deltas < (deltas.max() + deltas.min()) / 2
""",
    # The mean of standard deviations.
    "gvae": """
def gvae(mu_1, s_1, mu_2, s_2):
    return (mu_1 + mu_2) / 2, (s_1 + s_2) / 2
""",
    # The product, without the root.
    "ml-vae": """
def ml_vae(mu_1, s_1, mu_2, s_2):
    variance = 1 / (1 / s_1**2 + 1 / s_2**2)
    return variance * (mu_1 / s_1**2 + mu_2 / s_2**2), np.sqrt(variance)
""",
    # The sum over both images.
    "pair-kl": """
def pair_kl(mu_1, s_1, mu_2, s_2, is_shared, average):
    both = 2 * prior_kl(*average(mu_1, s_1, mu_2, s_2))
    own = prior_kl(mu_1, s_1) + prior_kl(mu_2, s_2)
    return np.where(is_shared, both, own).sum(axis=1)
""",
}

# Each of these passes the tests that students see.
SUBTLE_MISTAKES = {
    # The noise in every entry: right on the diagonal, which is all that is shown with noise.
    "rotated": """
def rotated(z, W, A):
    return z @ A.T, W @ A.T


def covariance(W, variance):
    return W @ W.T + variance
""",
    # The wrong way round: A transposed is a rotation as well.
    "entangled": """
def entangled(z, A, prior):
    return prior.ppf(stats.norm.cdf(stats.norm.ppf(prior.cdf(z)) @ A))
""",
    # The difference of means in units of the first width.
    "delta": """
def delta(mu_1, s_1, mu_2, s_2):
    ratio = s_1 / s_2
    return 0.5 * (ratio**2 - 1) - np.log(ratio) + (mu_1 - mu_2) ** 2 / (2 * s_1**2)
""",
    # Half the largest: the same where the smallest is small.
    "shared": """
def shared(deltas):
    return deltas < deltas.max(axis=1, keepdims=True) / 2
""",
    # One width for all dimensions.
    "gvae": """
def gvae(mu_1, s_1, mu_2, s_2):
    return (mu_1 + mu_2) / 2, np.sqrt(np.mean(s_1**2 + s_2**2) / 2)
""",
    # Weighed by 1 / s in place of 1 / s^2.
    "ml-vae": """
def ml_vae(mu_1, s_1, mu_2, s_2):
    variance = 2 / (1 / s_1**2 + 1 / s_2**2)
    return (mu_1 / s_1 + mu_2 / s_2) / (1 / s_1 + 1 / s_2), np.sqrt(variance)
""",
    # Of a shared dimension, each image pays for its own width.
    "pair-kl": """
def pair_kl(mu_1, s_1, mu_2, s_2, is_shared, average):
    mean, _ = average(mu_1, s_1, mu_2, s_2)
    both = (prior_kl(mean, s_1) + prior_kl(mean, s_2)) / 2
    own = (prior_kl(mu_1, s_1) + prior_kl(mu_2, s_2)) / 2
    return np.where(is_shared, both, own).sum(axis=1)
""",
    "assumed": "The model assumes that pairs help.",
}

TESTS = ("rotated", "entangled", "delta", "shared", "gvae", "ml-vae", "pair-kl")
SUBMISSIONS = {
    "mistakes": (MISTAKES, {f"test-{name}": 0 for name in TESTS}),
    "subtle": (SUBTLE_MISTAKES, {f"test-{name}": 0 for name in TESTS}),
}

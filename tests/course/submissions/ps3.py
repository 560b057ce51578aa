"""Synthetic submissions to problem set 3; tests/test_assignments.py says how they are read."""

OBJECTIVE = """
class TCVAE(kv.BetaTCVAE):
    def objective(self, terms):
        return OBJECTIVE
"""

# Each of these fails a test that students see.
MISTAKES = {
    # Rows for images, columns for codes.
    "pairwise": """
def pairwise(z, loc, scale):
    standardised = (z[None, :, :] - loc[:, None, :]) / scale[:, None, :]
    return -0.5 * standardised**2 - ops.log(scale)[:, None, :] - 0.5 * math.log(2 * math.pi)
""",
    # Divided by N only.
    "mws": """
def mws(log_q, dataset_size):
    joint = ops.logsumexp(ops.sum(log_q, axis=2), axis=1) - math.log(dataset_size)
    return joint, ops.logsumexp(log_q, axis=1) - math.log(dataset_size)
""",
    # The published matrix: a stride of a whole row fills the columns 0 and 1.
    "mss-weights": """
def mss_weights(batch_size, dataset_size):
    N, M = dataset_size, batch_size - 1
    W = np.full((batch_size, batch_size), 1 / M)
    W.reshape(-1)[:: M + 1] = 1 / N
    W.reshape(-1)[1 :: M + 1] = (N - M) / (N * M)
    W[M - 1, 0] = (N - M) / (N * M)
    return W
""",
    # The weight inside the sum over dimensions.
    "aggregate": """
def aggregate(log_q, log_weights):
    weighted = log_weights[:, :, None] + log_q
    return ops.logsumexp(ops.sum(weighted, axis=2), axis=1), ops.logsumexp(weighted, axis=1)
""",
    # The mean over dimensions where a sum is due.
    "split": """
def split(log_q, joint, marginals, log_prior):
    own = ops.diagonal(ops.mean(log_q, axis=2))
    product = ops.mean(marginals, axis=1)
    return {
        "mutual_information": own - joint,
        "total_correlation": joint - product,
        "dimension_wise_kl": product - log_prior,
    }
""",
    # The KL holds the total correlation once already.
    "objective": OBJECTIVE.replace(
        "OBJECTIVE",
        'terms["reconstruction"] + terms["kl"] + self.beta * terms["total_correlation"]',
    ),
}

# Each of these passes the tests that students see, but for the enumeration of question 3.
SUBTLE_MISTAKES = {
    # No normaliser: the same where the standard deviation is 1.
    "pairwise": """
def pairwise(z, loc, scale):
    standardised = (z[:, None, :] - loc[None, :, :]) / scale[None, :, :]
    return -0.5 * standardised**2 - 0.5 * math.log(2 * math.pi)
""",
    # The mean of logarithms: the same where all images answer alike.
    "mws": """
def mws(log_q, dataset_size):
    joint = ops.mean(ops.sum(log_q, axis=2), axis=1) - math.log(dataset_size)
    return joint, ops.mean(log_q, axis=1) - math.log(dataset_size)
""",
    # Rows sum to 1, but the own image and the next one have changed places.
    "mss-weights": """
def mss_weights(batch_size, dataset_size):
    N, M = dataset_size, batch_size - 1
    W = np.full((batch_size, batch_size), 1 / M)
    own = np.arange(batch_size)
    W[own, own] = (N - M) / (N * M)
    W[own, (own + 1) % batch_size] = 1 / N
    return W
""",
    # The weights transposed: the same where they are even.
    "aggregate": """
def aggregate(log_q, log_weights):
    log_weights = ops.transpose(log_weights)
    joint = ops.logsumexp(log_weights + ops.sum(log_q, axis=2), axis=1)
    return joint, ops.logsumexp(log_weights[:, :, None] + log_q, axis=1)
""",
    # The joint and the product of marginals have changed places: the sum is right.
    "split": """
def split(log_q, joint, marginals, log_prior):
    own = ops.diagonal(ops.sum(log_q, axis=2))
    product = ops.sum(marginals, axis=1)
    return {
        "mutual_information": own - product,
        "total_correlation": product - joint,
        "dimension_wise_kl": joint - log_prior,
    }
""",
    # Beta weighs all three parts, as in the beta-VAE: the same where it is 1.
    "objective": OBJECTIVE.replace(
        "OBJECTIVE",
        'terms["reconstruction"] + self.beta * (terms["mutual_information"] '
        '+ terms["total_correlation"] + terms["dimension_wise_kl"])',
    ),
    "written": "The second log is right, since its numbers are plausible.",
}

NOTHING = {
    "test-pairwise": 0,
    "test-mws": 0,
    "test-mss-weights": 0,
    "test-mss-unbiased": 0,
    "test-aggregate": 0,
    "test-split": 0,
    "test-objective": 0,
}

# In "strides" only the matrix is wrong; it must not cost anything in the other questions.
SUBMISSIONS = {
    "mistakes": (MISTAKES, NOTHING),
    "subtle": (SUBTLE_MISTAKES, NOTHING),
    "strides": (
        {"mss-weights": MISTAKES["mss-weights"]},
        {"test-mss-weights": 0, "test-mss-unbiased": 0},
    ),
}

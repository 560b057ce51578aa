"""Synthetic submissions to problem set 2; tests/test_assignments.py says how they are read."""

SURGERY = """
def surgery(loc, scale, image, z):
    log_q = given_log_q(z, loc, scale)
    own = log_q[np.arange(len(z)), image].sum(axis=1)
    joint, product = given_log_qz(log_q), PRODUCT
    prior = PRIOR
    terms = {
        "kl": own - prior,
        "mutual_information": own - joint,
        "marginal_kl": joint - prior,
        "total_correlation": joint - product,
        "dimension_wise_kl": product - prior,
    }
    return {name: np.mean(value) for name, value in terms.items()}
"""

# Each of these fails a test that students see.
MISTAKES = {
    # No normaliser.
    "log-densities": """
def log_densities(z, loc, scale):
    return -0.5 * ((z[:, None, :] - loc) / scale) ** 2 - np.log(scale)
""",
    # The sum over images in place of the mean.
    "log-aggregate": """
def log_aggregate(log_q):
    return logsumexp(log_q.sum(axis=2), axis=1)
""",
    # The mean of the logarithms in place of the logarithm of the mean.
    "log-marginals": """
def log_marginals(log_q):
    return log_q.mean(axis=1)
""",
    # The code under all images in place of its own.
    "mutual-information": """
def mutual_information(loc, scale, image, z):
    log_q = given_log_q(z, loc, scale)
    return np.mean(log_q.sum(axis=2).mean(axis=1) - given_log_qz(log_q))
""",
    # The mean over dimensions in place of the sum; the identities still hold.
    "surgery": SURGERY.replace("PRODUCT", "given_log_qzj(log_q).mean(axis=1)").replace(
        "PRIOR", "stats.norm.logpdf(z).sum(axis=1)"
    ),
    # Twice too large.
    "gaussian": """
def gaussian_total_correlation(covariance):
    return np.sum(np.log(np.diag(covariance))) - np.linalg.slogdet(covariance)[1]
""",
}

# Nearly right: all but one pass the tests that students see.
SUBTLE_MISTAKES = {
    # The variance in the normaliser: the same where the scale is 1.
    "log-densities": """
def log_densities(z, loc, scale):
    standardised = (z[:, None, :] - loc) / scale
    return -0.5 * standardised**2 - 2 * np.log(scale) - 0.5 * np.log(2 * np.pi)
""",
    # Probabilities instead of logarithms: underflows. (A test that students see.)
    "log-aggregate": """
def log_aggregate(log_q):
    return np.log(np.mean(np.exp(log_q.sum(axis=2)), axis=1))
""",
    # A prior without its normaliser: the identities and the total correlation do not notice.
    "surgery": SURGERY.replace("PRODUCT", "given_log_qzj(log_q).sum(axis=1)").replace(
        "PRIOR", "-0.5 * (z**2).sum(axis=1)"
    ),
    # The covariance in place of the correlations: the same where the variances are 1.
    "gaussian": """
def gaussian_total_correlation(covariance):
    return -0.5 * np.linalg.slogdet(covariance)[1]
""",
    "written": "The numbers add up.",
}

SUBMISSIONS = {
    "mistakes": (
        MISTAKES,
        {
            "test-log-densities": 0,
            "test-log-aggregate": 0,
            "test-log-marginals": 0,
            "test-mutual-information": 0,
            "test-surgery": 0,
            "test-gaussian": 0,
        },
    ),
    "subtle": (
        SUBTLE_MISTAKES,
        {
            "test-log-densities": 0,
            "test-log-aggregate-stable": 0,
            "test-surgery": 0,
            "test-gaussian": 0,
        },
    ),
}

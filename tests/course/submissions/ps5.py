"""Synthetic submissions to problem set 5; tests/test_assignments.py says how they are read."""

# Each of these fails a test that students see.
MISTAKES = {
    # 0 log 0 is NaN.
    "information": """
def information(a, b):
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return float((joint * np.log(joint / product)).sum())
""",
    # The gap along rows.
    "mig": """
def mig(table, entropy):
    rows = np.sort(table / entropy, axis=1)
    return float((rows[:2, -1] - rows[:2, -2]).mean())
""",
    # Exchanged; each function by itself is right.
    "concentration": """
def concentration(table):
    sums = table.sum(axis=1)
    shares = table[sums > 0] / sums[sums > 0, None]
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    entropy = -(shares * logs).sum(axis=1) / np.log(table.shape[1])
    return float((1 - entropy) @ sums[sums > 0] / sums.sum())


def dci(importance):
    return concentration(importance.T), concentration(importance)
""",
    # The normal quantile.
    "interval": """
def interval(scores):
    return np.mean(scores), 1.96 * np.std(scores, ddof=1) / np.sqrt(len(scores))
""",
    # Seeds taken as pairs.
    "compare": """
def compare(a, b):
    n = min(len(a), len(b))
    d = a[:n] - b[:n]
    return d.mean(), stats.t.ppf(0.975, n - 1) * np.std(d, ddof=1) / np.sqrt(n)
""",
}

# Each of these passes the tests that students see.
SUBTLE_MISTAKES = {
    # Even marginals taken for granted: the same for a fair coin.
    "information": """
def information(a, b):
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    seen = joint[joint > 0]
    return float((seen * np.log(seen * joint.size)).sum())
""",
    # All gaps over the mean entropy: the same for factors of equally many values.
    "mig": """
def mig(table, entropy):
    second, best = np.sort(table, axis=0)[-2:]
    return float((best - second).mean() / np.mean(entropy))
""",
    # The plain mean over rows that count.
    "concentration": """
def concentration(table):
    sums = table.sum(axis=1)
    shares = table[sums > 0] / sums[sums > 0, None]
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    return float((1 + (shares * logs).sum(axis=1) / np.log(table.shape[1])).mean())


def dci(importance):
    return concentration(importance), concentration(importance.T)
""",
    # The quantile of two seeds, for any number of seeds.
    "interval": """
def interval(scores):
    return np.mean(scores), 12.706 * np.std(scores, ddof=1) / np.sqrt(len(scores))
""",
    # Equal spreads taken for granted.
    "compare": """
def compare(a, b):
    freedom = len(a) + len(b) - 2
    pooled = (np.var(a, ddof=1) * (len(a) - 1) + np.var(b, ddof=1) * (len(b) - 1)) / freedom
    error = np.sqrt(pooled * (1 / len(a) + 1 / len(b)))
    return np.mean(a) - np.mean(b), stats.t.ppf(0.975, freedom) * error
""",
    "claim": "A is better than B, as the score says.",
}

SUBMISSIONS = {
    "mistakes": (
        MISTAKES,
        {
            "test-information": 0,
            "test-mig": 0,
            "test-dci": 0,
            "test-interval": 0,
            "test-compare": 0,
        },
    ),
    "subtle": (
        SUBTLE_MISTAKES,
        {
            "test-information": 0,
            "test-mig": 0,
            "test-concentration": 0,
            "test-interval": 0,
            "test-compare": 0,
        },
    ),
}

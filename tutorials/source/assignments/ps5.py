# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Problem set 5: measure and defend a claim
#
# "Method A disentangles better than method B." You build two scores of disentanglement, learn what
# several seeds allow you to say, measure, and write a claim that stands. Afterwards you can
#
# - compute the mutual information gap (MIG) and DCI's disentanglement and completeness by hand;
# - give a mean over seeds with an interval, and a difference of two methods with one;
# - tell a claim that the numbers carry from one that they do not.
#
# Read first: chapter 10, *Measuring disentanglement*
# (`tutorials/10_measuring_disentanglement.ipynb`). Time: 90 to 120 minutes. 20 points, 5 of them
# for a written answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is wrong.
# Grading runs these tests and some more, on other numbers, so do not tailor an answer to the
# numbers that you see. Everything here is NumPy. Keep the names. A mistake in one question costs
# nothing in the next.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import numpy as np
from matplotlib import pyplot as plt
from scipy import stats

from kerasvae import metrics
from kerasvae.metrics.information import entropies, equal_width_bins, mutual_information

# %% [markdown]
# ## The two methods
#
# So that there is a truth, the "trained models" are formulas. Three factors of four values each
# made an image. A run of a method returns four codes: the first two hold the first two factors,
# *rotated* into each other by an angle that depends on the seed, as it does in trained models; the
# third holds the third factor; the fourth is noise. B rotates more on average, A is noisier.

# %% nbgrader={"grade": false, "grade_id": "methods", "locked": true, "schema_version": 3, "solution": false, "task": false}
WIDEST_ANGLE, NOISE = {"A": 0.6, "B": 1.2}, {"A": 0.3, "B": 0.1}


def run(method, seed, points=2000):
    """Codes (points, 4) and factors (points, 3) of a run of method "A" or "B"."""
    rng = np.random.default_rng([seed, "AB".index(method)])
    factors = rng.integers(0, 4, (points, 3))
    v = (factors - 1.5) / np.sqrt(1.25)  # mean 0, variance 1
    angle = rng.uniform(0, WIDEST_ANGLE[method])
    cos, sin = np.cos(angle), np.sin(angle)
    turned = cos * v[:, 0] - sin * v[:, 1], sin * v[:, 0] + cos * v[:, 1]
    codes = np.stack([*turned, v[:, 2], 0 * v[:, 2]], axis=1)
    return codes + NOISE[method] * rng.normal(size=codes.shape), factors


# %% [markdown]
# ## 1. Mutual information (3 points)
#
# For two columns of labels (whole numbers from 0), with the shares in the sample as
# probabilities,
#
# $$I(a;b)=\sum_{a,b}p(a,b)\,\log\frac{p(a,b)}{p(a)\,p(b)}\quad\text{nats.}$$
#
# Write `information(a, b)`. It takes two integer arrays `(n,)` and returns a number. Pairs that do
# not occur contribute nothing. (`np.histogram2d`, or `np.add.at(table, (a, b), 1)` on a table of
# zeros, counts pairs.)


# %% nbgrader={"grade": false, "grade_id": "information", "locked": false, "schema_version": 3, "solution": true, "task": false}
def information(a, b):
    """Mutual information of two columns of labels: a number, nats."""
    ### BEGIN SOLUTION
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / product[seen])).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-information", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
a, b = np.repeat([0, 1], 4), np.tile([0, 1], 4)  # independent: each pair comes up twice
value = information(a, b)
assert np.ndim(value) == 0 and np.isclose(value, 0, atol=1e-9), (
    f"Independent labels tell nothing of each other: 0 nats. Yours is {value}."
)
value = information(a, a)
assert np.isfinite(value), (
    "The value is NaN or infinite: pairs that never occur have p(a,b) = 0, and 0 log 0 counts as 0."
)
assert not np.isclose(value, 1), "Yours is in bits. Nats, please: the natural logarithm."
assert np.isclose(value, np.log(2)), (
    f"A fair coin tells all of itself: its entropy, log 2 = 0.693 nats. Yours is {value:.3f}."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
a = rng.choice(5, 400, p=[0.5, 0.2, 0.1, 0.1, 0.1])
b = (a + rng.integers(0, 2, 400)) % 3
judge = mutual_information(a[:, None], b[:, None])[0, 0]
assert np.isclose(information(a, b), judge), (
    "For labels that are not equally frequent the value differs: weigh each logarithm by p(a,b), "
    "and divide by the two marginal shares, the sums of the table over rows and over columns."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The mutual information gap (3 points)
#
# Codes are cut into 20 bins of equal width, which turns them into labels. For each factor $k$ take
# the code that knows most of it and the second best:
#
# $$\text{MIG}=\frac1K\sum_{k=1}^{K}\frac{I_{a_kk}-I_{b_kk}}{H(v_k)} .$$
#
# Write `mig(table, entropy)`: `table` is $I(z_j;v_k)$, `(D, K)`, a row for each code and a column
# for each factor; `entropy` is $H(v_k)$, `(K,)`.


# %% nbgrader={"grade": false, "grade_id": "mig", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mig(table, entropy):
    """The mutual information gap: a number in [0, 1]."""
    ### BEGIN SOLUTION
    second, best = np.sort(table, axis=0)[-2:]
    return float(((best - second) / entropy).mean())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mig", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
one_each = np.log(4) * np.array([[1.0, 0], [0, 1.0], [0, 0]])
assert np.isclose(mig(one_each, np.log([4, 4])), 1), (
    "Each factor is told fully by one code, and by no other: MIG is 1, the mean over factors."
)
copies = np.log(4) * np.array([[1.0, 0], [1.0, 0], [0, 1.0]])  # codes 0 and 1 hold factor 0
value = mig(copies, np.log([4, 4]))
assert not np.isclose(value, 1), (
    "Yours takes the gap along a row, between the factors of one code. MIG asks of each factor, a "
    "column: is the best code ahead of the second best?"
)
assert np.isclose(value, 0.5), (
    "Two equal copies of factor 0 leave no gap there, and factor 1 has a gap of 1: the mean is 0.5."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
factors = np.stack([rng.integers(0, 2, 1500), rng.integers(0, 8, 1500)], axis=1)
codes = factors @ rng.normal(size=(2, 3)) + 0.5 * rng.normal(size=(1500, 3))
table = mutual_information(equal_width_bins(codes), factors)
assert np.isclose(mig(table, entropies(factors)), metrics.mig(codes, factors).score), (
    "For factors of 2 and of 8 values the result differs from the library's: divide each factor's "
    "gap by its own entropy first, and average afterwards."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Disentanglement and completeness (4 points)
#
# DCI trains boosted trees that predict each factor from all codes. The importance $R_{jk}$ of code
# $j$ for factor $k$ makes a table `(D, K)` whose columns sum to 1. With $H_b$ the entropy to the
# base $b$,
#
# $$\text{disentanglement}=\sum_j\rho_j\big(1-H_K(P_{j\cdot})\big),\quad
# P_{jk}=\frac{R_{jk}}{\sum_{k'}R_{jk'}},\quad \rho_j=\frac{\sum_kR_{jk}}{\sum_{jk}R_{jk}},$$
#
# and completeness is the same with codes and factors exchanged (base $D$). A code of importance 0
# has weight 0, and must not make the result NaN.
#
# Write `concentration(table)`, which returns the first for any table: the mean over *rows*,
# weighted by their sums, of one minus the entropy of the row, to the base of the number of
# columns. Then `dci(importance)` returns the pair (disentanglement, completeness); it may use
# `concentration`.


# %% nbgrader={"grade": false, "grade_id": "concentration", "locked": false, "schema_version": 3, "solution": true, "task": false}
def concentration(table):
    """How far each row is concentrated on one column, 0 to 1; mean weighted by row sums."""
    ### BEGIN SOLUTION
    sums = table.sum(axis=1)
    shares = table[sums > 0] / sums[sums > 0, None]
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    entropy = -(shares * logs).sum(axis=1) / np.log(table.shape[1])
    return float((1 - entropy) @ sums[sums > 0] / sums.sum())
    ### END SOLUTION


def dci(importance):
    """Disentanglement and completeness, from the importance (D, K)."""
    ### BEGIN SOLUTION
    return concentration(importance), concentration(importance.T)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-concentration", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert np.isclose(concentration(np.full((3, 4), 0.25)), 0), (
    "A row spread evenly over K columns has entropy 1 to the base K: concentration 0. Divide the "
    "entropy by log K, with K the number of columns."
)
value = concentration(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]]))
assert np.isfinite(value), (
    "NaN: a row of zeros, a dead code, is 0/0. It has weight 0, so leave it out."
)
assert np.isclose(value, 1), f"Each row that counts is all in one column: 1. Yours is {value:.3f}."
### BEGIN HIDDEN TESTS
value = concentration(np.array([[3.0, 0.0], [0.5, 0.5]]))
assert not np.isclose(value, 0.5), (
    "Yours is the plain mean over rows. A code that hardly matters must hardly count: weigh each "
    "row by its sum."
)
assert np.isclose(value, 0.75), "Rows with sums 3 and 1, concentrations 1 and 0: 3/4."
judge = metrics.dci(*run("B", 50, 600))
assert np.isclose(concentration(judge.matrix), judge.score, atol=1e-6), (
    "On importances of real trees the disentanglement differs from the library's."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test-dci", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Codes 0 and 1 share factor 0, code 2 holds factor 1 alone.
disentanglement, completeness = dci(np.array([[0.5, 0], [0.5, 0], [0, 1.0]]))
assert not (completeness > 0.99 > disentanglement), (
    "Yours are exchanged. Disentanglement asks of each code (row) whether it holds one factor."
)
assert np.isclose(disentanglement, 1), "No code mixes factors: disentanglement is 1."
assert 0 < completeness < 0.99, (
    "Factor 0 lies in two codes: it is not complete. Completeness looks along the columns."
)
### BEGIN HIDDEN TESTS
# Judged by your own concentration: a mistake there is not charged again here.
table = np.random.default_rng(5).dirichlet(np.full(4, 0.3), 3).T  # (4, 3), columns sum to 1
assert np.allclose(dci(table), [concentration(table), concentration(table.T)]), (
    "Disentanglement is the concentration of the table of importances, completeness that of the "
    "transposed table."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. A mean over seeds, with an interval (2 points)
#
# $n$ seeds give $n$ scores. With $s$ their standard deviation ($n-1$ in the denominator) and $t$
# the 0.975 quantile of Student's distribution with $n-1$ degrees of freedom
# (`stats.t.ppf(0.975, n - 1)`), the mean is known to $\pm t\,s/\sqrt n$, at 95%.
#
# Write `interval(scores)`, which returns the pair (mean, half-width).


# %% nbgrader={"grade": false, "grade_id": "interval", "locked": false, "schema_version": 3, "solution": true, "task": false}
def interval(scores):
    """The mean of the scores, and the half-width of its 95% interval."""
    ### BEGIN SOLUTION
    n = len(scores)
    error = np.std(scores, ddof=1) / np.sqrt(n)
    return float(np.mean(scores)), float(stats.t.ppf(0.975, n - 1) * error)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-interval", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
scores = np.array([0.2, 0.4])
mean, half = interval(scores)
assert np.isclose(mean, 0.3), f"The mean of 0.2 and 0.4 is 0.3. Yours is {mean}."
assert not np.isclose(half, 1.96 * 0.1), (
    "1.96 is the normal quantile: right if s were known. Two seeds know next to nothing of s, and "
    "Student's quantile is 12.7 for them."
)
assert np.isclose(half, 12.706 * 0.1, atol=1e-2), (
    f"s = 0.141, s / sqrt(2) = 0.1, t = 12.7: the half-width is 1.27. Yours is {half:.3f}. Is the "
    "standard deviation taken with ddof=1?"
)
### BEGIN HIDDEN TESTS
scores = np.random.default_rng(3).normal(0.5, 0.1, 9)
low, high = stats.t.interval(0.95, 8, scores.mean(), stats.sem(scores))
assert np.allclose(interval(scores), [scores.mean(), (high - low) / 2]), (
    "For nine seeds the interval differs from SciPy's: the error of a mean falls with sqrt(n), and "
    "the quantile has n - 1 degrees of freedom."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. The difference of two methods (3 points)
#
# A claim "A is better than B" is a claim about the *difference* of means. With $e_A^2=s_A^2/n_A$
# and $e_B^2=s_B^2/n_B$, the difference has the error $e=\sqrt{e_A^2+e_B^2}$ and, if the two spreads
# may differ (Welch),
#
# $$\nu=\frac{(e_A^2+e_B^2)^2}{e_A^4/(n_A-1)+e_B^4/(n_B-1)}$$
#
# degrees of freedom. Write `compare(a, b)`. It takes the scores of two methods and returns the pair
# (difference of means $A-B$, half-width of its 95% interval). Two runs with the same seed number
# are not a pair: the methods use the draws differently.


# %% nbgrader={"grade": false, "grade_id": "compare", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare(a, b):
    """mean(a) - mean(b), and the half-width of its 95% interval."""
    ### BEGIN SOLUTION
    errors = np.array([np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)])
    freedom = errors.sum() ** 2 / (errors**2 / [len(a) - 1, len(b) - 1]).sum()
    half = stats.t.ppf(0.975, freedom) * np.sqrt(errors.sum())
    return float(np.mean(a) - np.mean(b)), float(half)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-compare", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
a, b = np.array([0.5, 0.6, 0.7]), np.array([0.1, 0.2, 0.3])
difference, half = compare(a, b)
assert np.isclose(difference, 0.4), f"0.6 - 0.2, A minus B, is 0.4. Yours is {difference:.3f}."
assert half > 0.01, (
    "The two spread alike, so pairs by seed number have no spread at all, and you find certainty "
    "from three runs. Seeds are no pairs: the errors of both means add, as squares."
)
assert np.isclose(half, 2.7764 * np.sqrt(2 * 0.1**2 / 3), atol=1e-3), (
    f"Both have e^2 = 0.01 / 3, nu is 4, t is 2.776: the half-width is 0.227. Yours is {half:.3f}. "
    "Adding the two half-widths is too pessimistic; one method's error alone is too bold."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
a, b = rng.normal(0.5, 0.02, 12), rng.normal(0.4, 0.3, 5)
judge = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
difference, half = compare(a, b)
assert np.allclose([difference - half, difference + half], judge), (
    "With unequal spreads and numbers of seeds the interval differs from SciPy's Welch interval: "
    "each variance is divided by its own n, and the degrees of freedom are those above."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Measure
#
# **Predict.** Which of A and B has the larger MIG, on average? How many seeds will it take to say
# so?
#
# First, as in many papers, three seeds.

# %% nbgrader={"grade": false, "grade_id": "measure", "locked": true, "schema_version": 3, "solution": false, "task": false}
FRESH = range(100, 140)  # 40 seeds, a number fixed before looking


def mig_scores(method, seeds):
    return np.array([metrics.mig(*run(method, seed)).score for seed in seeds])


few = {method: mig_scores(method, range(3)) for method in "AB"}
many = {method: mig_scores(method, FRESH) for method in "AB"}
trees = {method: [metrics.dci(*run(method, s, 600)) for s in FRESH[:8]] for method in "AB"}

# %%
for name, scores in {"MIG, 3 seeds": few, "MIG, 40 fresh seeds": many}.items():
    for method in "AB":
        print("{}: {} {:.2f} +- {:.2f}".format(name, method, *interval(scores[method])))
    print("{}: A - B {:.3f} +- {:.3f}".format(name, *compare(scores["A"], scores["B"])))
for part in ("disentanglement", "completeness", "informativeness"):
    values = {method: [result.parts[part] for result in trees[method]] for method in "AB"}
    line = f"DCI {part}, 8 seeds: A {np.mean(values['A']):.2f}, B {np.mean(values['B']):.2f},"
    print(line, "A - B {:.3f} +- {:.3f}".format(*compare(values["A"], values["B"])))

# %%
figure, panel = plt.subplots(figsize=(5, 2.6))
for place, (method, mark) in enumerate(zip("AB", "os", strict=True)):
    jitter = np.linspace(-0.2, 0.2, len(FRESH))
    panel.plot(many[method], place + jitter, mark, alpha=0.5, color="#0072B2", markersize=4)
    panel.plot(few[method], 3 * [place], "^", color="#D55E00", markersize=8)
panel.set(yticks=[0, 1], yticklabels=["A", "B"], xlim=(0, 1))
panel.set(xlabel="MIG, a mark for each seed (triangles: the first three)")
figure.tight_layout()

# %% [markdown]
# ## 6. The claim (5 points, graded by hand)
#
# A reviewer asks: "Does A disentangle better than B?" Answer in at most 250 words, from the
# numbers above.
#
# - State a claim that the numbers carry: which score, which difference, which interval, how many
#   seeds, on what data. (1 point)
# - Say what would have been claimed from the first three seeds, and why that was no basis. Why are
#   the 40 seeds *fresh* ones, and their number fixed beforehand? (1 point)
# - Set the other scores beside it. Which wish (one code for a factor, one factor for a code, all
#   can be read off) does each ask about, and do they agree? (1 point)
# - Name the strongest objection to your claim, and the experiment that would decide it. (1 point)
# - Say what you do *not* claim. (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "claim", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# *Claim.* On the three toy factors, with 2,000 points a run, A has the higher mean MIG (20 bins),
# by 0.22 +- 0.07 (95% Welch interval, 40 seeds of each).
#
# *Seeds.* Three gave A 0.71 and B 0.72, a difference of -0.01 +- 0.51: "no difference", or with
# other seeds either order. B's runs reach from 0.3 to nearly 1. The 40 are fresh and their number
# was fixed, because whoever adds seeds until the interval leaves 0 will get there in the end
# without any effect.
#
# *Other scores.* MIG and DCI's completeness ask whether a factor lies in one code. They disagree:
# completeness is lower for A, by 0.13 +- 0.10 (8 seeds). DCI's disentanglement, one factor for a
# code, differs by -0.07 +- 0.12, which decides nothing. Informativeness, whether factors can be
# read off, is lower for A by 0.13 +- 0.02: A is the noisier.
#
# *Objection.* MIG and completeness contradict each other, so the order may come from the score and
# not from the codes: trees blame noise, a gap of information blames rotation. Decide by crossing
# the two: A's angles with B's noise and the reverse, fresh seeds, both scores with equally many
# points.
#
# *Not claimed.* That A "disentangles better" in general, on other data or factors, for trained
# networks, that each run of A beats each of B, or that A is the more useful: who wants to read off
# factors should take B.
# ### END SOLUTION

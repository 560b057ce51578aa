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
# # Problem set 2: ELBO surgery by hand
#
# You take the KL term of an encoder apart, with nothing but sums over images, and check every
# step against cases whose answer is known. Afterwards you can
#
# - compute the aggregated posterior $q(z)$ by enumeration, without underflow;
# - estimate mutual information, total correlation and dimension-wise KL from draws;
# - use the identities as tests of your own code, and the ceiling $\log N$ as an alarm;
# - say what a given surgery tells about a model, and what it does not.
#
# Read first: chapter 3, *ELBO surgery* (`tutorials/03_elbo_surgery.ipynb`). Time: 75 to 110
# minutes. 20 points, 3 of them for a written answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is
# wrong. Grading runs these tests and some more, on other numbers. This set needs NumPy only.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import numpy as np
from scipy import stats
from scipy.special import logsumexp

import kerasvae as kv


def pairs(loc, scale, samples, seed=0):
    """Draw pairs of an image n, (S,), and a code z from q(z|x_n), (S, D); each n equally often."""
    image = np.resize(np.arange(len(loc)), samples)
    noise = np.random.default_rng(seed).standard_normal((samples, loc.shape[1]))
    return image, loc[image] + scale[image] * noise


# %% [markdown]
# ## The terms
#
# A data set has $N$ images. The encoder gives image $x_n$ the Gaussian $q(z\mid x_n)$ with
# independent dimensions: means `loc[n]`, standard deviations `scale[n]`, both arrays `(N, D)`. The
# *aggregated posterior* is the distribution of the codes of all images together,
#
# $$q(z) = \frac1N \sum_{n=1}^{N} q(z\mid x_n),\qquad
# q(z_j) = \frac1N \sum_{n=1}^{N} q(z_j\mid x_n).$$
#
# Averaged over images, the KL term has three parts:
#
# $$\texttt{kl} =
# \underbrace{\mathbb{E}\log\frac{q(z\mid x_n)}{q(z)}}_{\texttt{mutual\_information}}
# + \underbrace{\mathbb{E}\log\frac{q(z)}{\prod_j q(z_j)}}_{\texttt{total\_correlation}}
# + \underbrace{\mathbb{E}\log\frac{\prod_j q(z_j)}{p(z)}}_{\texttt{dimension\_wise\_kl}} ,$$
#
# where $n$ is drawn uniformly and $z$ from $q(z\mid x_n)$. The last two together are
# `marginal_kl`, the KL of $q(z)$ from the prior.
#
# ## 1. Every code under every image (3 points)
#
# Write `log_densities(z, loc, scale)`. It takes codes `(S, D)` and means and standard deviations
# `(N, D)`, and returns the array `(S, N, D)` whose entry $(s, n, j)$ is $\log q(z_{sj}\mid x_n)$, a
# Gaussian log density with its normaliser. (`z[:, None, :]` has the shape `(S, 1, D)`.)


# %% nbgrader={"grade": false, "grade_id": "log-densities", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_densities(z, loc, scale):
    """log q(z_sj | x_n): (S, N, D)."""
    ### BEGIN SOLUTION
    standardised = (z[:, None, :] - loc) / scale  # (S, N, D)
    return -0.5 * standardised**2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-log-densities", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
z = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 0.0]])
loc, scale = np.zeros((4, 2)), np.ones((4, 2))
value = np.asarray(log_densities(z, loc, scale))
assert value.shape == (3, 4, 2), (
    f"3 codes under 4 images in 2 dimensions give (3, 4, 2). Yours has {value.shape}."
)
assert np.allclose(value[0], -0.5 * np.log(2 * np.pi)), (
    "At its mean the standard Gaussian has the log density -log(2 pi) / 2 = -0.919. Without the "
    "normaliser, log q(z) and log p(z) cannot be compared."
)
assert np.allclose(value[1, :, 1], -2.919, atol=1e-3), "Two standard deviations off: -0.919 - 2."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
z, loc, scale = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)), rng.uniform(0.1, 2, (4, 3))
judge = stats.norm.logpdf(z[:, None, :], loc[None], scale[None])
assert np.allclose(log_densities(z, loc, scale), judge), (
    "With standard deviations other than 1 the values differ from scipy's: divide by the scale "
    "before squaring, and subtract log scale (not log scale^2)."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The aggregated posterior (3 points)
#
# Write `log_aggregate(log_q)`. It takes the array of question 1 and returns $\log q(z_s)$, `(S,)`.
# Given $x_n$, the dimensions are independent; the images are alternatives. So: what is added as
# logarithms, and what as probabilities? Codes far from every image have densities that underflow to
# 0; `scipy.special.logsumexp` (imported) does not.


# %% nbgrader={"grade": false, "grade_id": "log-aggregate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_aggregate(log_q):
    """log q(z_s), over all N images: (S,)."""
    ### BEGIN SOLUTION
    return logsumexp(log_q.sum(axis=2), axis=1) - np.log(log_q.shape[1])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-log-aggregate", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Log densities given by hand: 1 code, 2 images, 2 dimensions.
log_q = np.log(np.array([[[0.5, 0.1], [0.2, 0.4]]]))
value = np.asarray(log_aggregate(log_q))
assert value.shape == (1,), f"One number for each code, shape (1,). Yours has {value.shape}."
assert not np.allclose(value, np.log(0.13)), (
    "Yours lacks the factor 1/N: subtract log N, or the densities do not integrate to 1."
)
assert not np.allclose(value, np.log(0.35 * 0.25)), (
    "Yours is the product of the marginals. The joint sums over dimensions first, within an "
    "image, and only then over images."
)
assert np.allclose(value, np.log(0.065)), (
    "Image 1 gives 0.5 * 0.1 = 0.05, image 2 gives 0.2 * 0.4 = 0.08; their mean is 0.065."
)
### BEGIN HIDDEN TESTS
log_q = np.random.default_rng(2).normal(-1, 1, (6, 5, 3))
judge = [np.log(np.mean([np.exp(row.sum()) for row in code])) for code in log_q]
assert np.allclose(log_aggregate(log_q), judge), "On other numbers: not log of the mean over n."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test-log-aggregate-stable", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
value = np.asarray(log_aggregate(np.full((1, 4, 10), -500.0)))
assert np.isfinite(value).all(), (
    "exp(-5000) is 0 in double precision, and its logarithm -inf: stay in logarithms, by logsumexp."
)
assert np.allclose(value, -5000, atol=2), "Four equal images: log q(z) is log q(z|x) = -5000."

# %% [markdown]
# ## 3. The marginals (2 points)
#
# Write `log_marginals(log_q)`: $\log q(z_{sj})$ for each code and dimension, `(S, D)`.


# %% nbgrader={"grade": false, "grade_id": "log-marginals", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_marginals(log_q):
    """log q(z_sj), over all N images, for each dimension by itself: (S, D)."""
    ### BEGIN SOLUTION
    return logsumexp(log_q, axis=1) - np.log(log_q.shape[1])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-log-marginals", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
value = np.asarray(log_marginals(np.log(np.array([[[0.5, 0.1], [0.2, 0.4]]]))))
assert value.shape == (1, 2), f"One number for each code and dimension. Yours has {value.shape}."
assert np.allclose(value, np.log([0.35, 0.25])), (
    "Dimension 1 has the mean of 0.5 and 0.2, dimension 2 that of 0.1 and 0.4: the mean over "
    "images in each dimension by itself, so log N is subtracted in each."
)
### BEGIN HIDDEN TESTS
log_q = np.random.default_rng(3).normal(-1, 1, (6, 5, 3))
assert np.allclose(log_marginals(log_q), np.log(np.exp(log_q).mean(axis=1))), (
    "On other numbers it is not the logarithm of the mean over n."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Mutual information (3 points)
#
# How much does a code tell about which image it came from? Write
# `mutual_information(loc, scale, image, z)`, the mean over the drawn pairs of
# $\log q(z_s\mid x_{n_s}) - \log q(z_s)$, where `image[s]` is the index $n_s$ of the image that
# `z[s]` was drawn from. From here on use `given_log_q`, `given_log_qz` and `given_log_qzj` of the
# next cell. They do what questions 1 to 3 ask, so that a mistake there is not carried over.

# %% nbgrader={"grade": false, "grade_id": "given", "locked": true, "schema_version": 3, "solution": false, "task": false}
def given_log_q(z, loc, scale):
    """log q(z_sj | x_n): (S, N, D)."""
    return stats.norm(loc, scale).logpdf(z[:, None, :])


def given_log_qz(log_q):
    """log q(z_s): (S,)."""
    return np.logaddexp.reduce(log_q.sum(axis=2), axis=1) - np.log(log_q.shape[1])


def given_log_qzj(log_q):
    """log q(z_sj): (S, D)."""
    return np.logaddexp.reduce(log_q, axis=1) - np.log(log_q.shape[1])


# %% nbgrader={"grade": false, "grade_id": "mutual-information", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mutual_information(loc, scale, image, z):
    """I_q(x; z), estimated from pairs of an image and its code: a number, nats."""
    ### BEGIN SOLUTION
    log_q = given_log_q(z, loc, scale)
    own = log_q[np.arange(len(z)), image].sum(axis=1)  # (S,): log q(z_s | x_{n_s})
    return np.mean(own - given_log_qz(log_q))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mutual-information", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
far = 100.0 * np.arange(8)[:, None] * np.ones(2)  # eight images, far apart
value = mutual_information(far, np.ones((8, 2)), *pairs(far, np.ones((8, 2)), 800))
assert np.ndim(value) == 0, "The mean over all pairs: one number."
assert abs(value - np.log(8)) < 1e-6, (
    f"Eight images that never overlap: a code tells which it was, log 8 = {np.log(8):.3f} nats. "
    f"Yours is {value:.3f}. For each code take log q under its own image, image[s], and no other."
)
same = np.zeros((8, 2))
value = mutual_information(same, same + 1, *pairs(same, same + 1, 800))
assert abs(value) < 1e-9, "If all images have the same posterior, a code tells nothing: 0 nats."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
loc, scale = rng.normal(size=(7, 2)), rng.uniform(0.2, 0.9, (7, 2))
image, z = pairs(loc, scale, 200, seed=5)
judge = 0.0
for n, code in zip(image, z):
    each = [np.prod(stats.norm.pdf(code, m, s)) for m, s in zip(loc, scale)]
    judge += np.log(each[n] / np.mean(each)) / len(z)
assert abs(mutual_information(loc, scale, image, z) - judge) < 1e-6, (
    "On overlapping posteriors the mean over the pairs differs from a loop over them: "
    "log q(z|own image) minus log q(z), which contains all N images."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. The whole surgery (4 points)
#
# Write `surgery(loc, scale, image, z)`, which returns a dictionary of five means over the pairs:
# `"kl"`, `"mutual_information"`, `"marginal_kl"`, `"total_correlation"` and `"dimension_wise_kl"`.
# The prior $p(z)$ is the standard Gaussian. Use the functions `given_...`.
#
# **Predict** before you test: for the four corners $(\pm1,\pm1)$ with equal standard deviations,
# which of the three parts of the KL is zero?


# %% nbgrader={"grade": false, "grade_id": "surgery", "locked": false, "schema_version": 3, "solution": true, "task": false}
def surgery(loc, scale, image, z):
    """The parts of the KL, estimated from pairs of an image and its code: numbers, nats."""
    ### BEGIN SOLUTION
    log_q = given_log_q(z, loc, scale)
    own = log_q[np.arange(len(z)), image].sum(axis=1)
    joint, product = given_log_qz(log_q), given_log_qzj(log_q).sum(axis=1)
    prior = stats.norm.logpdf(z).sum(axis=1)
    terms = {
        "kl": own - prior,
        "mutual_information": own - joint,
        "marginal_kl": joint - prior,
        "total_correlation": joint - product,
        "dimension_wise_kl": product - prior,
    }
    return {name: np.mean(value) for name, value in terms.items()}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-identities", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
rng = np.random.default_rng(6)
loc, scale = rng.normal(size=(32, 3)), rng.uniform(0.2, 0.8, (32, 3))
terms = surgery(loc, scale, *pairs(loc, scale, 640))
names = ["dimension_wise_kl", "kl", "marginal_kl", "mutual_information", "total_correlation"]
assert sorted(terms) == names, f"The keys are {names}. Yours are {sorted(terms)}."
gap = terms["mutual_information"] + terms["marginal_kl"] - terms["kl"]
assert abs(gap) < 1e-9, (
    f"mutual_information + marginal_kl must be kl on the same pairs; they differ by {gap:.3g}. "
    "Each is a mean of a difference of log densities, and log q(z) cancels in the sum."
)
gap = terms["total_correlation"] + terms["dimension_wise_kl"] - terms["marginal_kl"]
assert abs(gap) < 1e-9, (
    f"total_correlation + dimension_wise_kl must be marginal_kl; they differ by {gap:.3g}. Sum the "
    "log marginals over dimensions, with the same sum in both."
)

# %% nbgrader={"grade": true, "grade_id": "test-surgery", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
terms = surgery(corners, np.full((4, 2), 0.3), *pairs(corners, np.full((4, 2), 0.3), 400))
assert terms["kl"] > 0, "A KL is positive, and so is its mean over many draws. Check the signs."
assert abs(terms["total_correlation"]) < 1e-9, (
    "The four corners are every combination of -1 and 1, so q(z) is the product of its marginals "
    f"and the total correlation 0. Yours is {terms['total_correlation']:.3f}."
)
twice = np.array([[-50.0, -50.0], [50.0, 50.0]])
terms = surgery(twice, np.ones((2, 2)), *pairs(twice, np.ones((2, 2)), 400))
assert abs(terms["total_correlation"] - np.log(2)) < 1e-6, (
    "Both dimensions tell the same one bit, so one of them is redundant: total correlation log 2 = "
    f"0.693. Yours is {terms['total_correlation']:.3f}. Sum over dimensions, do not average."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(7)
loc = rng.normal(size=(64, 3)) @ np.array([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.5]])
scale = rng.uniform(0.2, 0.6, (64, 3))
library = kv.surgery.decompose_posterior(loc, scale, samples=8000)
terms = surgery(loc, scale, *pairs(loc, scale, 12_800, seed=8))
for name, value in terms.items():
    assert abs(value - getattr(library, name)) < 0.08, (
        f"{name} is {value:.3f}; kerasvae's surgery says {getattr(library, name):.3f}. The prior "
        "is the standard Gaussian in all dimensions, with its normaliser."
    )
### END HIDDEN TESTS

# %% [markdown]
# With the library this is one line, with standard errors. Look at what happens when the encoder
# becomes ever more precise.
#
# **Predict.** There are 64 images, and $\log 64 = 4.16$. Which terms go on growing?

# %%
rng = np.random.default_rng(9)
loc = rng.standard_normal((64, 3))
for deviation in (1.0, 0.3, 0.1, 0.03, 0.01):
    parts = kv.surgery.decompose_posterior(loc, np.full_like(loc, deviation), samples=2000)
    values = [f"{part} {getattr(parts, part):.2f}" for part in ("kl", *kv.plotting.SURGERY_PARTS)]
    print(f"scale {deviation}:", ", ".join(values))

# %% [markdown]
# ## 6. A yardstick for total correlation (2 points)
#
# If $q(z)$ were Gaussian with covariance $\Sigma$, its total correlation would have a closed form:
#
# $$\mathrm{TC} = \tfrac12\Big(\sum_j \log \Sigma_{jj} - \log\det\Sigma\Big),$$
#
# which for two dimensions with correlation $\rho$ is $-\tfrac12\log(1-\rho^2)$. Write
# `gaussian_total_correlation(covariance)`.


# %% nbgrader={"grade": false, "grade_id": "gaussian", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gaussian_total_correlation(covariance):
    """Total correlation of a Gaussian with this covariance, (D, D): a number, nats."""
    ### BEGIN SOLUTION
    log_det = np.linalg.slogdet(covariance)[1]
    return 0.5 * (np.sum(np.log(np.diag(covariance))) - log_det)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-gaussian", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert abs(gaussian_total_correlation(np.eye(4))) < 1e-9, "Independent dimensions: TC = 0."
value = gaussian_total_correlation(np.array([[1.0, 0.8], [0.8, 1.0]]))
assert abs(value + 0.5 * np.log(1 - 0.8**2)) < 1e-9, (
    f"For a correlation of 0.8 it is -log(1 - 0.64) / 2 = 0.511. Yours is {value:.3f}."
)
### BEGIN HIDDEN TESTS
covariance = np.diag([2.0, 0.01, 5.0]) @ np.array(
    [[1.0, 0.5, 0.2], [0.5, 1.0, 0.1], [0.2, 0.1, 1.0]]
) @ np.diag([2.0, 0.01, 5.0])
judge = sum(stats.norm(0, np.sqrt(v)).entropy() for v in np.diag(covariance))
judge -= stats.multivariate_normal(np.zeros(3), covariance).entropy()
assert abs(gaussian_total_correlation(covariance) - judge) < 1e-9, (
    "TC does not change when a dimension is stretched, so it depends on the correlations alone: "
    "the variances must enter by sum_j log Sigma_jj."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Reading a surgery (3 points, graded by hand)
#
# A model trained on $N=3072$ images ($\log N = 8.03$) has the surgery: kl 12.4, mutual information
# 7.9, total correlation 3.2, dimension-wise KL 1.3. In at most 150 words:
#
# (a) Which numbers of this list must add up, and do they? (b) Colleagues want independent
# dimensions and train again with beta = 4 on the whole KL. Which part of the list does this
# punish that they did not mean, and what would they see in the images? What should they weigh
# instead? (c) Another group reports a mutual information of 8.6 for the same images. What do
# you conclude?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# (a) mutual information + total correlation + dimension-wise KL = kl: 7.9 + 3.2 + 1.3 = 12.4, so
# the list is consistent; marginal_kl is 4.5. (b) Beta on the whole KL also multiplies the price of
# mutual information, the part that says which image it is. The code will say less, and details are
# missing from the reconstructions (the reconstruction term grows). Independence is a matter of
# total correlation alone: weigh this term, as beta-TCVAE and FactorVAE do, and leave the others at
# 1. (c) It is above log 3072 = 8.03, which is impossible for the mean over these images: they
# estimated it wrongly (q(z) from a batch with the wrong weights, or too few samples; a figure
# within its standard error of the ceiling could be chance, but then the error must be told), or
# counted other images.
# ### END SOLUTION

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
# # Problem set 6: what rotations hide and pairs reveal
#
# Images alone cannot tell a perfect code from a rotated one. Pairs of images that share a factor
# can. You build both halves of this story by hand. Afterwards you can
#
# - rotate a code so that images and likelihood stay and every score of disentanglement falls;
# - do the same for a prior that is not Gaussian;
# - compute which dimensions a pair shares, both averages of two posteriors, and what a pair pays.
#
# Read first: chapters 12, *Impossible without assumptions*
# (`tutorials/12_impossible_without_assumptions.ipynb`), and 13, *What a pair gives away*
# (`tutorials/13_what_a_pair_gives_away.ipynb`). Time: 75 to 110 minutes. 20 points, 3 of them for a
# written answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is wrong.
# Grading runs these tests and some more, on other numbers, so do not tailor an answer to the
# numbers that you see. Everything here is NumPy, and nothing is trained. Keep the names. A mistake
# in one question costs nothing in the next.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import numpy as np
from matplotlib import pyplot as plt
from scipy import stats
from scipy.integrate import quad

from kerasvae import metrics
from kerasvae.data import Pairs, load

# %% [markdown]
# ## 1. The same images from a rotated code (2 points)
#
# A linear model: codes $z\sim\mathcal N(0,I)$ of $D$ dimensions, images
# $x=Wz+\text{noise}$ with $W$ of shape `(pixels, D)` and noise of variance $\sigma^2$ in each
# pixel. Take an orthogonal matrix $A$ ($A^\top A=I$), and give every image the code $z'=Az$
# instead.
#
# Write `rotated(z, W, A)`, which returns the pair ($Z'$, $W'$): the new codes, one in each row as
# in `z` of shape `(n, D)`, and the decoder that makes the same images from them as before. Then
# `covariance(W, variance)` returns the covariance of $x$ over codes and noise. (Both by matrix
# products, without loops.)


# %% nbgrader={"grade": false, "grade_id": "rotated", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rotated(z, W, A):
    """Codes A z, one a row (n, D), and the decoder (pixels, D) that gives the same images."""
    ### BEGIN SOLUTION
    return z @ A.T, W @ A.T
    ### END SOLUTION


def covariance(W, variance):
    """The covariance (pixels, pixels) of x = W z + noise of this variance."""
    ### BEGIN SOLUTION
    return W @ W.T + variance * np.eye(len(W))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-rotated", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
quarter = np.array([[0.0, -1.0], [1.0, 0.0]])  # a turn by 90 degrees: (1, 0) becomes (0, 1)
z, W = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
codes, decoder = rotated(z, W, quarter)
assert codes.shape == (2, 2) and decoder.shape == (3, 2), (
    f"Codes (n, D) and decoder (pixels, D), please. Yours: {codes.shape} and {decoder.shape}."
)
assert np.allclose(codes[0], [0, 1]), (
    f"A (1, 0) is (0, 1). Yours is {codes[0]}. With codes as rows, A z for each row is z @ A.T."
)
assert np.allclose(codes @ decoder.T, z @ W.T), (
    "The images have changed. x = W z = W A^T (A z): the new decoder undoes the rotation first."
)
assert np.allclose(covariance(W, 0.0), W @ W.T), "Without noise the covariance of W z is W W^T."
assert np.allclose(np.diag(covariance(W, 0.5) - covariance(W, 0.0)), 0.5), (
    "Each pixel's noise adds its variance on the diagonal."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
A, _ = np.linalg.qr(rng.normal(size=(4, 4)))
z, W = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
codes, decoder = rotated(z, W, A)
assert np.allclose(codes, [A @ row for row in z]) and np.allclose(codes @ decoder.T, z @ W.T), (
    "For a rotation in four dimensions the codes are not A z, or the images have changed."
)
x = rng.normal(size=(200_000, 4)) @ W.T + 0.5 * rng.normal(size=(200_000, 7))
assert np.allclose(covariance(W, 0.25), np.cov(x.T), atol=0.2), (
    "The covariance differs from that of 200,000 images: the noise of two pixels is independent, "
    "and adds nothing off the diagonal."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Any prior (2 points)
#
# A rotated Gaussian cloud is the same Gaussian cloud. A rotated square is no longer the same
# square, so for another prior we take a detour through the Gaussian. With $F$ the cumulative
# distribution function of the prior in each dimension and $\Phi$ that of $\mathcal N(0,1)$,
#
# $$f(z)=F^{-1}\Big(\Phi\big(A\,\Phi^{-1}(F(z))\big)\Big).$$
#
# Write `entangled(z, A, prior)`, with `prior` a distribution of `scipy.stats`, such as
# `stats.uniform()`: it has `cdf` for $F$ and `ppf` for $F^{-1}$; $\Phi$ is `stats.norm.cdf`.


# %% nbgrader={"grade": false, "grade_id": "entangled", "locked": false, "schema_version": 3, "solution": true, "task": false}
def entangled(z, A, prior):
    """f(z) for codes (n, D), one a row; distributed as z, every dimension of it mixed."""
    ### BEGIN SOLUTION
    gaussian = stats.norm.ppf(prior.cdf(z))
    return prior.ppf(stats.norm.cdf(gaussian @ A.T))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-entangled", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
angle = np.pi / 6
A = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
z = np.random.default_rng(2).uniform(size=(5000, 2))
mixed = entangled(z, A, stats.uniform())
assert mixed.shape == z.shape, f"As many codes as before, (5000, 2). Yours: {mixed.shape}."
assert ((mixed > 0) & (mixed < 1)).all(), (
    "Some codes have left the square, where the prior has no mass: rotate the Gaussian codes, and "
    "then go back through Phi and the prior's ppf."
)
assert np.allclose(entangled(z, np.eye(2), stats.uniform()), z), (
    "Without a rotation every code stays where it is: each step is undone by its inverse."
)
assert not np.allclose(mixed, z), "With a rotation by 30 degrees the codes must move."
### BEGIN HIDDEN TESTS
laplace = stats.laplace()
z = laplace.rvs((5000, 2), random_state=3)
mixed = entangled(z, A, laplace)
assert all(stats.kstest(column, laplace.cdf).pvalue > 1e-4 for column in mixed.T), (
    "For a Laplace prior f(z) is not distributed as z. Use the prior that was given, both ways."
)
at = stats.norm.ppf(laplace.cdf(np.array([[0.3, -0.8]])))
assert np.allclose(stats.norm.ppf(laplace.cdf(entangled([[0.3, -0.8]], A, laplace))), at @ A.T), (
    "The Gaussian codes are rotated the wrong way round: A times a row is row @ A.T."
)
### END HIDDEN TESTS

# %% [markdown]
# ## What the theorem does to a score
#
# **Predict.** A perfect code: three factors of ten values, a dimension for each. Rotate it by an
# angle in all three planes. What do the images, their covariance and MIG do?

# %%
rng = np.random.default_rng(4)
grid = np.stack(np.meshgrid(*3 * [np.arange(10)], indexing="ij"), axis=-1).reshape(-1, 3)
perfect = (grid - 4.5) / grid.std(axis=0)
W, found = rng.normal(size=(16, 3)), []
degrees = np.arange(0, 50, 5)
for angle in np.radians(degrees):
    A = np.eye(3)
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        plane = np.eye(3)
        plane[[i, i, j, j], [i, j, i, j]] = [
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        ]
        A = A @ plane
    codes, decoder = rotated(perfect, W, A)
    change = np.abs(codes @ decoder.T - perfect @ W.T).max()
    drift = np.abs(covariance(decoder, 0.1) - covariance(W, 0.1)).max()
    found.append((metrics.mig(codes, grid).score, change, drift))
mig, change, drift = np.array(found).T
print("MIG", mig.round(2))
print(f"largest change of an image {change.max():.0e}, of the covariance {drift.max():.0e}")

# %% [markdown]
# ## 3. How different two posteriors are (3 points)
#
# An encoder gives each image a mean and a standard deviation for each dimension. For two images,
#
# $$\delta_j=\mathrm{KL}\big(\mathcal N(\mu_{1j},\sigma_{1j}^2)\,\|\,
# \mathcal N(\mu_{2j},\sigma_{2j}^2)\big)=\int q_1\log\frac{q_1}{q_2}.$$
#
# Derive the closed form, and write `delta(mu_1, s_1, mu_2, s_2)`: four arrays `(n, D)` to one
# `(n, D)`, nats. The `s` are standard deviations.


# %% nbgrader={"grade": false, "grade_id": "delta", "locked": false, "schema_version": 3, "solution": true, "task": false}
def delta(mu_1, s_1, mu_2, s_2):
    """KL of the first posterior from the second in each dimension, (n, D), nats."""
    ### BEGIN SOLUTION
    return np.log(s_2 / s_1) + (s_1**2 + (mu_1 - mu_2) ** 2) / (2 * s_2**2) - 0.5
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-delta", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
one = np.ones((1, 2))
value = delta(0 * one, one, 0 * one, one)
assert np.shape(value) == (1, 2), (
    f"One number for each pair and each dimension: (1, 2). Yours has shape {np.shape(value)}."
)
assert np.allclose(value, 0), f"A posterior differs from itself by 0 nats. Yours: {value}."
value = delta(0 * one, one, 2 * one, one)
assert np.allclose(value, 2), (
    f"Equal widths 1 and means 2 apart: 2^2 / 2 = 2 nats. Yours: {value[0, 0]:.3f}."
)
value = delta(0 * one, one, 0 * one, 2 * one)
assert not np.allclose(value, np.log(0.5) + 1.5), (
    "Yours is the KL of the second from the first. The first posterior is the one that draws."
)
assert np.allclose(value, np.log(2) + 1 / 8 - 0.5), (
    f"Widths 1 and 2 at one mean: log 2 + 1/8 - 1/2 = 0.318 nats. Yours: {value[0, 0]:.3f}."
)
### BEGIN HIDDEN TESTS
q, r = stats.norm(0.3, 0.4), stats.norm(-0.5, 1.3)
judge, _ = quad(lambda z: q.pdf(z) * (q.logpdf(z) - r.logpdf(z)), -4, 4)
value = delta(*(np.full((1, 1), number) for number in (0.3, 0.4, -0.5, 1.3)))
assert np.allclose(value, judge, atol=1e-6), (
    "For other means and widths the value differs from the integral: the squared difference of "
    "means is measured in units of the second width."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. What a pair shares (2 points)
#
# Dimension $j$ of a pair counts as shared if $\delta_j<\frac12(\max_k\delta_k+\min_k\delta_k)$,
# with the largest and the smallest $\delta$ *of that pair*. Write `shared(deltas)`. It takes an
# array `(n, D)` and returns an array `(n, D)` of True and False.


# %% nbgrader={"grade": false, "grade_id": "shared", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shared(deltas):
    """Which dimensions each pair shares: (n, D) bool."""
    ### BEGIN SOLUTION
    highest, lowest = (f(axis=1, keepdims=True) for f in (deltas.max, deltas.min))
    return deltas < (highest + lowest) / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-shared", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
deltas = np.array([[0.0, 4.0, 1.0, 8.0], [0.1, 0.02, 0.03, 0.04]])
value = np.asarray(shared(deltas))
assert value.shape == (2, 4) and value.dtype == bool, (
    f"True or False for each pair and dimension. Yours: {value.dtype} of shape {value.shape}."
)
assert not value[1].all(), (
    "In the second pair all are shared, by a threshold of the whole batch. Each pair has its own."
)
assert (value[1] == [False, True, True, True]).all(), (
    f"The second pair's threshold is (0.1 + 0.02) / 2 = 0.06. Yours: {value[1]}."
)
assert not value[0, 1], "A delta that equals the threshold, 4 in the first pair, is not below it."
assert (value[0] == [True, False, True, False]).all(), f"Threshold 4. Yours: {value[0]}."
### BEGIN HIDDEN TESTS
deltas = np.array([[5.0, 6.0, 7.0, 9.0, 10.0]])  # the smallest is far from 0; the mean is 7.4
assert (np.asarray(shared(deltas)) == [[True, True, True, False, False]]).all(), (
    "Deltas 5, 6, 7, 9, 10 have the threshold (10 + 5) / 2 = 7.5."
)
skewed = np.array([[1.0, 1.0, 1.0, 4.0, 9.0]])  # the mean is 3.2, half the largest 4.5
assert (np.asarray(shared(skewed)) == [[True, True, True, True, False]]).all(), (
    "The threshold is halfway between the largest and the smallest delta, not the mean."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Two averages (5 points)
#
# In a shared dimension both images get one posterior. The GVAE takes the mean of the means and
# the mean of the variances. The ML-VAE takes the density that is proportional to
# $\sqrt{q_1(z)\,q_2(z)}$.
#
# Write `gvae(mu_1, s_1, mu_2, s_2)` and `ml_vae(mu_1, s_1, mu_2, s_2)`, each of which returns the
# pair (mean, standard deviation), of the shape of the arrays given. For the second: a Gaussian's
# logarithm is $-\frac12 z^2/\sigma^2+z\mu/\sigma^2+$ constant; take the mean of two of them, and
# read off the new mean and variance.


# %% nbgrader={"grade": false, "grade_id": "gvae", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gvae(mu_1, s_1, mu_2, s_2):
    """Mean and standard deviation of the GVAE's average."""
    ### BEGIN SOLUTION
    return (mu_1 + mu_2) / 2, np.sqrt((s_1**2 + s_2**2) / 2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-gvae", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
mean, deviation = gvae(np.zeros(1), np.ones(1), np.full(1, 4.0), np.full(1, 7.0))
assert np.allclose(mean, 2), f"The mean of 0 and 4 is 2. Yours: {mean}."
assert not np.allclose(deviation, 4), (
    "Yours averages the standard deviations. It is the variances that are averaged: 1 and 49."
)
assert not np.allclose(deviation, 25), "Yours is the variance, 25. Return its square root."
assert np.allclose(deviation, 5), f"The root of (1 + 49) / 2 is 5. Yours: {deviation}."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5)
mu_1, mu_2 = rng.normal(size=(2, 6, 3))
s_1, s_2 = rng.uniform(0.1, 2, (2, 6, 3))
mean, deviation = gvae(mu_1, s_1, mu_2, s_2)
assert np.allclose(2 * mean, mu_1 + mu_2) and np.allclose(2 * deviation**2, s_1**2 + s_2**2), (
    "For arrays of posteriors the averages differ: work element by element."
)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "ml-vae", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ml_vae(mu_1, s_1, mu_2, s_2):
    """Mean and standard deviation of the ML-VAE's average."""
    ### BEGIN SOLUTION
    variance = 2 / (1 / s_1**2 + 1 / s_2**2)
    return variance / 2 * (mu_1 / s_1**2 + mu_2 / s_2**2), np.sqrt(variance)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-ml-vae", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mean, deviation = ml_vae(np.zeros(1), np.ones(1), np.full(1, 4.0), np.ones(1))
assert np.allclose(mean, 2), (
    f"Two posteriors of equal width meet in the middle, at 2. Yours: {mean}."
)
assert not np.allclose(deviation, np.sqrt(0.5)), (
    "Yours is as narrow as the product q_1 q_2. The root of the product is as wide as one of them."
)
assert np.allclose(deviation, 1), f"Two widths of 1 give a width of 1. Yours: {deviation}."
mean, _ = ml_vae(np.zeros(1), np.full(1, 0.5), np.full(1, 4.0), np.ones(1))
assert mean < 2, "The first posterior is narrower, so surer: the mean must lie on its side."
### BEGIN HIDDEN TESTS
grid_z = np.linspace(-10, 10, 20_001)
root = np.sqrt(stats.norm(-1, 0.6).pdf(grid_z) * stats.norm(2, 1.5).pdf(grid_z))
root /= root.sum()
middle = (root * grid_z).sum()
judge = middle, np.sqrt((root * (grid_z - middle) ** 2).sum())
value = ml_vae(*(np.full(1, number) for number in (-1.0, 0.6, 2.0, 1.5)))
assert np.allclose(np.ravel(value), judge, atol=1e-4), (
    "For unequal widths mean and width differ from those of sqrt(q_1 q_2) on a fine grid: "
    "precisions, 1 over the variances, are averaged, and weigh the means."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 6. What a pair pays (3 points)
#
# The KL term of a pair is half the sum over its two images, and over dimensions, of
# $\mathrm{KL}(\cdot\,\|\,\mathcal N(0,1))$. In a dimension that is shared, both images pay for the
# *average*; in one that is not, each pays for its own posterior.
#
# Write `pair_kl(mu_1, s_1, mu_2, s_2, is_shared, average)`, which returns `(n,)`. `is_shared` is
# `(n, D)` of True and False; `average` is a function such as `gvae` and returns mean and standard
# deviation. `prior_kl` is given. (`np.where(condition, a, b)` chooses element by element.)


# %% nbgrader={"grade": false, "grade_id": "prior-kl", "locked": true, "schema_version": 3, "solution": false, "task": false}
def prior_kl(mu, s):
    """KL(N(mu, s^2) || N(0, 1)), element by element, nats."""
    return 0.5 * (mu**2 + s**2 - 1) - np.log(s)


# %% nbgrader={"grade": false, "grade_id": "pair-kl", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pair_kl(mu_1, s_1, mu_2, s_2, is_shared, average):
    """The KL term of each pair: (n,), nats."""
    ### BEGIN SOLUTION
    both = prior_kl(*average(mu_1, s_1, mu_2, s_2))
    own = (prior_kl(mu_1, s_1) + prior_kl(mu_2, s_2)) / 2
    return np.where(is_shared, both, own).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-pair-kl", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def halfway(mu_1, s_1, mu_2, s_2):  # an average of its own, so that yours are not judged again
    return (mu_1 + mu_2) / 2, (s_1 + s_2) / 2


mu_1, mu_2, s = np.array([[2.0, 0.0]]), np.array([[-2.0, 0.0]]), np.ones((1, 2))
value = pair_kl(mu_1, s, mu_2, s, np.array([[False, True]]), halfway)
assert np.shape(value) == (1,), f"One number for each pair: (1,). Yours: {np.shape(value)}."
assert not np.allclose(value, 4), (
    "Yours is the sum over both images. The pair's term is half of it."
)
assert np.allclose(value, 2), (
    f"Not shared: each image pays 2^2 / 2 = 2 nats, half the sum is 2. Yours: {value[0]:.3f}."
)
value = pair_kl(mu_1, s, mu_2, s, np.array([[True, True]]), halfway)
assert np.allclose(value, 0), (
    f"Shared: means 2 and -2 meet at 0, the prior, and cost nothing. Yours: {value[0]:.3f}."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6)
mu_1, mu_2 = rng.normal(size=(2, 5, 4))
s_1, s_2 = rng.uniform(0.2, 1.5, (2, 5, 4))
mask = rng.random((5, 4)) < 0.5
m, d = halfway(mu_1, s_1, mu_2, s_2)
judge = np.zeros(5)
for mu, s in ((mu_1, s_1), (mu_2, s_2)):
    for n, j in np.ndindex(5, 4):
        judge[n] += (
            prior_kl(m[n, j], d[n, j]) / 2 if mask[n, j] else prior_kl(mu[n, j], s[n, j]) / 2
        )
value = pair_kl(mu_1, s_1, mu_2, s_2, mask, halfway)
assert np.allclose(value, judge), (
    "For unequal widths and mixed masks the value differs from the sum written out: a shared "
    "dimension pays the KL of the average, not the average of the KLs."
)
### END HIDDEN TESTS

# %% [markdown]
# ## What pairs do to the rotation
#
# **Predict.** Pairs of discs that differ in one factor. Their codes are the true factors, rotated
# by an angle in the plane of `x` and `y`. How much of the code does the averaging destroy, at 0, at
# 30 and at 45 degrees? Where is the KL term lowest?

# %%
discs = load("discs")
images, changed = Pairs(discs, changed=1).sample(4000, seed=0)
weight = images.sum(axis=(2, 3, 4))  # (pairs, 2)
at = np.arange(32) + 0.5
centre_x = (images.sum(axis=(2, 4)) * at).sum(axis=2) / weight
centre_y = (images.sum(axis=(3, 4)) * at).sum(axis=2) / weight
truth = np.stack([centre_x, centre_y, np.sqrt(weight / np.pi)], axis=2)  # (pairs, 2, 3)
truth = (truth - truth.mean(axis=(0, 1))) / truth.std(axis=(0, 1))
print("each factor changed in", changed.mean(axis=0).round(2), "of the pairs")

# %%
degrees, lost, paid = np.arange(0, 91, 6), [], []
for angle in np.radians(degrees):
    A = np.eye(3)
    A[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    mu_1, mu_2 = truth[:, 0] @ A.T, truth[:, 1] @ A.T
    s = np.full_like(mu_1, 0.2)
    which = shared(delta(mu_1, s, mu_2, s))
    lost.append((which * ((mu_1 - mu_2) / 2) ** 2).sum(axis=1).mean())
    paid.append(pair_kl(mu_1, s, mu_2, s, which, gvae).mean())
figure, panels = plt.subplots(1, 2, figsize=(7, 2.6))
for panel, values in zip(panels, (lost, paid), strict=True):
    panel.plot(degrees, values, "o-", color="#0072B2", markersize=4)
    panel.set(xlabel="rotation (degrees)")
panels[0].set(ylabel="squared error of the code")
panels[1].set(ylabel="KL of a pair (nats)")
figure.tight_layout()

# %% [markdown]
# ## 7. What was assumed? (3 points, graded by hand)
#
# Answer in at most 200 words.
#
# - The theorem says that no method can do without assumptions. Which step of questions 1 and 2
#   fails once images come in pairs that share most factors? (1 point)
# - The left panel is 0 at 0 and at 90 degrees, and over a range in the middle. Derive this range
#   from the threshold, and say what it means for a model that learns from such pairs. (1 point)
# - The right panel is lowest where the left one is highest. Say why, and which part of the
#   objective has to win if pairs are to keep a model from such angles. (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "assumed", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# *The step.* The rotated model gives the same images one by one, and the same distribution of
# single images. But when one factor changes, several dimensions of a rotated code change. A model
# that has to use one value for what a pair shares may not rotate freely any more.
#
# *The range.* If `x` changes by $d$, with equal widths, the deltas are proportional to
# $d^2\cos^2\theta$, $d^2\sin^2\theta$ and, for the radius, 0. The threshold is half the largest. So
# the smaller move is averaged only if $\tan^2\theta<1/2$, below 35.3 degrees, or above 54.7.
# Between them both dimensions count as changed, and nothing is lost: such a code, with `x` and `y`
# mixed half and half, is as good for this objective as the axes. The threshold helps near the
# axes; it does not rule out everything else.
#
# *The panels.* Averaging moves two codes towards each other and so, on average, towards 0, which
# the KL rewards. The decoder gets a wrong code for it, and reconstruction gets worse.
# Reconstruction has to win: beta must not be too large.
# ### END SOLUTION

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
# # Problem set 3: q(z) from a batch, and the beta-TCVAE
#
# A training step sees a batch and has to guess the aggregated posterior of the whole data set from
# it. You build the two estimators in use, and the objective that needs them. Afterwards you can
#
# - write minibatch weighted (MWS) and minibatch stratified sampling (MSS);
# - test an estimator of a density by enumeration, and so find a bug that several public
#   implementations carry;
# - put a weight in the right place in a log-sum-exp;
# - say which of the resulting numbers may be reported, and which only trained on.
#
# Read first: chapter 4, *Estimating q(z)* (`tutorials/04_estimating_q_of_z.ipynb`), and chapter 6,
# *Total correlation: the beta-TCVAE* (`tutorials/06_total_correlation.ipynb`). Time: 75 to 120
# minutes. 20 points, 3 of them for a written answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is
# wrong. Grading runs these tests and some more, on other numbers, so do not tailor an answer to
# the numbers that you see. Use `ops` (Keras's NumPy) where it says tensors, so that gradients
# pass. Keep the names. A mistake in one question costs nothing in the next: the tests go on with
# the library's version.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import math
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import keras
import numpy as np
from keras import layers, ops

import kerasvae as kv
from kerasvae.distributions import tfd


def numbers(tensor):
    """A tensor as a NumPy array in double precision."""
    return ops.convert_to_numpy(tensor).astype("float64")


def posterior(seed, images, dims, sigma=None):
    """Means, standard deviations and one code of each image: three (images, dims) arrays."""
    rng = np.random.default_rng(seed)
    loc = rng.normal(size=(images, dims))
    scale = rng.uniform(0.3, 1.2, loc.shape) if sigma is None else np.full(loc.shape, sigma)
    z = loc + scale * rng.normal(size=loc.shape)
    return [array.astype("float32") for array in (loc, scale, z)]


# %% [markdown]
# ## 1. Every code under every image (3 points)
#
# Image $j$ has the Gaussian posterior $q(z\mid x_j)=\prod_k\mathcal N(z_k;\mu_{jk},\sigma_{jk}^2)$.
# Everything below is made of
#
# $$\log q(z_{ik}\mid x_j)=-\tfrac12\Big(\frac{z_{ik}-\mu_{jk}}{\sigma_{jk}}\Big)^2
# -\log\sigma_{jk}-\tfrac12\log 2\pi,$$
#
# the log density of *every* code $i$ under *every* image $j$, in each dimension $k$. Write
# `pairwise(z, loc, scale)`. It takes codes `(B_z, D)` and means and standard deviations `(B_x, D)`,
# and returns a tensor `(B_z, B_x, D)`. Insert axes (`z[:, None, :]`) and let broadcasting do the
# rest.


# %% nbgrader={"grade": false, "grade_id": "pairwise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pairwise(z, loc, scale):
    """log q(z_ik | x_j): (B_z, B_x, D), nats."""
    ### BEGIN SOLUTION
    standardised = (z[:, None, :] - loc[None, :, :]) / scale[None, :, :]
    return -0.5 * standardised**2 - ops.log(scale)[None, :, :] - 0.5 * math.log(2 * math.pi)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-pairwise", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
z = np.array([[0.0], [1.0], [5.0]], "float32")  # three codes
loc, scale = np.array([[0.0], [1.0]], "float32"), np.ones((2, 1), "float32")  # two images
value = numbers(pairwise(z, loc, scale))
assert value.shape == (3, 2, 1), (
    f"(B_z, B_x, D) = (3, 2, 1): a row for each code, a column for each image. Got {value.shape}."
)
peak = -0.5 * np.log(2 * np.pi)
assert np.allclose(value[[0, 1], [0, 1], 0], peak, atol=1e-5), (
    f"A standard Gaussian at its own mean has log density {peak:.4f}. Check the constant."
)
assert np.allclose(value[2, :, 0], [peak - 12.5, peak - 8.0], atol=1e-4), (
    "Code 5 lies 5 standard deviations from image 0 and 4 from image 1: minus 25/2 and 16/2."
)
### BEGIN HIDDEN TESTS
loc, scale, z = posterior(1, 6, 3)
judge = np.stack([numbers(tfd.Normal(m, s).log_prob(z[:4])) for m, s in zip(loc, scale)], axis=1)
value = numbers(pairwise(z[:4], loc, scale))
assert np.allclose(value, judge, rtol=1e-4, atol=1e-4), (
    "For standard deviations other than 1 the densities differ from TensorFlow Probability's: "
    "divide by the standard deviation of image j, and subtract its logarithm."
)
### END HIDDEN TESTS

# %% [markdown]
# From here on `log_q` is such a tensor for a batch, `(B, B, D)`: code `i` was drawn from image `i`.
#
# ## 2. Minibatch weighted sampling (3 points)
#
# $$\log\hat q(z_i)=\log\sum_{j=1}^{B} q(z_i\mid x_j)-\log(NB),\qquad
# \log\hat q(z_{ik})=\log\sum_{j=1}^{B} q(z_{ik}\mid x_j)-\log(NB).$$
#
# Write `mws(log_q, dataset_size)`, which returns both: tensors `(B,)` and `(B, D)`. Dimensions are
# independent *given an image*, so $\log q(z_i\mid x_j)=\sum_k\log q(z_{ik}\mid x_j)$; they are not
# independent under $q(z)$, so mind the order of sum and `ops.logsumexp`. $B$ is in the shape of
# `log_q`.


# %% nbgrader={"grade": false, "grade_id": "mws", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mws(log_q, dataset_size):
    """log q(z_i), (B,), and log q(z_ik), (B, D), by minibatch weighted sampling: nats."""
    ### BEGIN SOLUTION
    log_nb = math.log(dataset_size * log_q.shape[1])
    joint = ops.logsumexp(ops.sum(log_q, axis=2), axis=1) - log_nb
    return joint, ops.logsumexp(log_q, axis=1) - log_nb
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mws", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
alike = np.full((4, 4, 2), -1.5, "float32")  # all images answer alike
joint, marginals = (numbers(value) for value in mws(alike, 100))
assert joint.shape == (4,), f"log q(z) is one number for each code, (4,). Got {joint.shape}."
assert marginals.shape == (4, 2), (
    f"The marginals are a number for each code and dimension, (4, 2). Got {marginals.shape}."
)
assert not np.allclose(joint, -3 + np.log(4 / 100)), (
    "Yours is too large by log B: the sum over the batch has B terms, so the divisor is N B."
)
assert np.allclose(joint, -3 - np.log(100), atol=1e-4), (
    "Where all images answer alike, each sum is B times one density, and log(NB) leaves -log N. "
    "The log density of two dimensions is the sum of theirs, -1.5 - 1.5."
)
assert np.allclose(marginals, -1.5 - np.log(100), atol=1e-4), (
    "Each dimension has a log-sum-exp of its own, over images, and its own -log(NB)."
)
### BEGIN HIDDEN TESTS
loc, scale, z = posterior(2, 8, 3)
log_q = kv.estimators.pairwise_log_density(z, loc, scale)
judge = kv.estimators.aggregate_posterior_mws(z, loc, scale, 500)
joint, marginals = (numbers(value) for value in mws(log_q, 500))
assert np.allclose(joint, judge.log_qz, atol=1e-3), (
    "Where images differ, the joint is off: sum the logs over dimensions first (axis 2), then "
    "log-sum-exp over images (axis 1). The log of a mean is not the mean of logs."
)
assert np.allclose(marginals, judge.log_qz_per_dimension, atol=1e-3), (
    "Where images differ, the marginals are off: log-sum-exp over the images, axis 1."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The weights of MSS (4 points)
#
# MSS replaces the constant $1/(NB)$ by weights $W_{ij}$ of image $j$ for code $i$. With $M=B-1$:
#
# - its own image, $j=i$, weighs $\frac1N$: it is one of $N$;
# - the next one in the batch, $j=i+1$ (after the last comes the first), weighs $\frac{N-M}{NM}$;
# - every other image weighs $\frac1M$.
#
# Write `mss_weights(batch_size, dataset_size)`, a NumPy array `(B, B)`, for $2\le B\le N$. (For
# $B=2$ there are no others.)


# %% nbgrader={"grade": false, "grade_id": "mss-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mss_weights(batch_size, dataset_size):
    """Weights W of minibatch stratified sampling: (B, B), row i for code i."""
    ### BEGIN SOLUTION
    others = batch_size - 1
    weights = np.full((batch_size, batch_size), 1 / others)
    own = np.arange(batch_size)
    weights[own, own] = 1 / dataset_size
    weights[own, (own + 1) % batch_size] = (dataset_size - others) / (dataset_size * others)
    return weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mss-weights", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
value = np.asarray(mss_weights(6, 20))
assert value.shape == (6, 6), f"A row for each code, a column for each image. Got {value.shape}."
wrong = np.flatnonzero(~np.isclose(value.sum(axis=1), 1))
assert not len(wrong), (
    f"Each row must sum to 1: 1/N + (N-M)/(NM) + (M-1)/M. Rows {wrong.tolist()} do not. A slice "
    "with a stride over the flat matrix runs down the diagonal only if the stride is B + 1, and "
    "the last row's next image is the first."
)
### BEGIN HIDDEN TESTS
for B, N in ((6, 20), (2, 9), (7, 7)):
    judge = np.exp(numbers(kv.estimators.log_weights_stratified(B, N)))
    value = np.asarray(mss_weights(B, N))
    assert np.allclose(value.diagonal(), 1 / N), (
        f"B={B}, N={N}: the diagonal, each code's own image, weighs 1/N. Yours: {value.diagonal()}."
    )
    assert np.allclose(value, judge, rtol=1e-4, atol=1e-6), (
        f"B={B}, N={N}: off the diagonal, (N-M)/(NM) stands right of it, 1/M elsewhere."
    )
### END HIDDEN TESTS

# %% [markdown]
# Rows that sum to 1 are a weak test: there are many such matrices. What MSS promises is that
# $\hat q(z_i)$, averaged over the *other* images that may come into the batch, is $q(z_i)$. With
# five images and batches of three, there are only 60 batches in order, so we can average over all
# of them: no chance is left, and the two numbers must agree to rounding.
#
# **Predict.** By what factor would the average be wrong if a code's own image weighed $1/M$, like
# any other?

# %% nbgrader={"grade": false, "grade_id": "enumeration", "locked": true, "schema_version": 3, "solution": false, "task": false}
def mean_ratio(weights, images=5, batch=3):
    """E[q_hat(z)] / q(z) for each image's code in each row of a batch: (images, batch)."""
    loc, scale, z = posterior(3, images, 2, sigma=0.4)
    q = np.exp(numbers(kv.estimators.pairwise_log_density(z, loc, scale)).sum(axis=2))
    ratios = np.zeros((images, batch))
    for members in itertools.permutations(range(images), batch):
        estimate = (weights * q[np.ix_(members, members)]).sum(axis=1)  # code i of row i
        ratios[list(members), range(batch)] += estimate / q[list(members)].mean(axis=1)
    batches = math.factorial(images - 1) / math.factorial(images - batch)  # with a given row
    return ratios / batches


print("MSS:", mean_ratio(np.exp(numbers(kv.estimators.log_weights_stratified(3, 5)))).round(3)[0])
print("MWS:", mean_ratio(np.full((3, 3), 1 / 15)).round(3)[0], "for the code of image 0, by row")

# %% nbgrader={"grade": true, "grade_id": "test-mss-unbiased", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
ratios = mean_ratio(np.asarray(mss_weights(3, 5)))
assert np.allclose(ratios, 1, atol=1e-4), (
    "Over all batches, E[q_hat(z)] must be q(z) for every code and row. Yours is off by factors "
    f"from {ratios.min():.2f} to {ratios.max():.2f}. Which weight has a code's own image, (i, i)?"
)
### BEGIN HIDDEN TESTS
for images, batch in ((5, 2), (5, 4), (4, 4)):
    ratios = mean_ratio(np.asarray(mss_weights(batch, images)), images, batch)
    assert np.allclose(ratios, 1, atol=1e-4), (
        f"With batches of {batch} of {images} images, E[q_hat(z)] is not q(z)."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 4. A weighted log-sum-exp (3 points)
#
# $$\log\hat q(z_i)=\log\sum_j W_{ij}\prod_k q(z_{ik}\mid x_j),\qquad
# \log\hat q(z_{ik})=\log\sum_j W_{ij}\,q(z_{ik}\mid x_j).$$
#
# Write `aggregate(log_q, log_weights)`, with `log_weights` the logarithm of $W$, `(B, B)`. It
# returns tensors `(B,)` and `(B, D)` as in question 2. Count, in the formula, how often the weight
# of image $j$ stands in the product over $k$.


# %% nbgrader={"grade": false, "grade_id": "aggregate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def aggregate(log_q, log_weights):
    """log q(z_i), (B,), and log q(z_ik), (B, D), as weighted sums over images: nats."""
    ### BEGIN SOLUTION
    joint = ops.logsumexp(log_weights + ops.sum(log_q, axis=2), axis=1)
    return joint, ops.logsumexp(log_weights[:, :, None] + log_q, axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-aggregate", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
alike = np.full((4, 4, 3), -1.0, "float32")  # all images answer alike, in three dimensions
even = np.full((4, 4), -np.log(4), "float32")
joint, marginals = (numbers(value) for value in aggregate(alike, even))
assert joint.shape == (4,) and marginals.shape == (4, 3), (
    f"Expected shapes (4,) and (4, 3). Got {joint.shape} and {marginals.shape}."
)
assert not np.allclose(joint, -3 - 2 * np.log(4), atol=1e-4), (
    "Yours adds the log weight inside the sum over dimensions, so that it counts D times. The "
    "product over k does not hold the weight: sum over dimensions first, then add it once."
)
assert np.allclose(joint, -3, atol=1e-4), (
    "The weights of a row sum to 1, so where all images answer alike the mixture answers alike: "
    f"log q(z) = -1 - 1 - 1. Yours is {joint[0]:.3f}."
)
assert np.allclose(marginals, -1, atol=1e-4), "And log q(z_k) = -1 in each dimension."
### BEGIN HIDDEN TESTS
loc, scale, z = posterior(4, 8, 3)
log_q = kv.estimators.pairwise_log_density(z, loc, scale)
judge = kv.estimators.aggregate_posterior_mss(z, loc, scale, 500)
log_weights = kv.estimators.log_weights_stratified(8, 500)
joint, marginals = (numbers(value) for value in aggregate(log_q, log_weights))
assert np.allclose(joint, judge.log_qz, atol=1e-3), (
    "With MSS's weights the joint is off: W_ij belongs to code i and image j, as log_q[i, j] does."
)
assert np.allclose(marginals, judge.log_qz_per_dimension, atol=1e-3), (
    "With MSS's weights the marginals are off: each dimension's log-sum-exp has the weight once."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Three terms (2 points)
#
# Write `split(log_q, joint, marginals, log_prior)`. It takes `log_q` of question 1, `joint` and
# `marginals` of question 4, and $\log p(z_i)$, `(B,)`, and returns a dictionary of tensors `(B,)`:
#
# | key | term of code $z_i$ |
# |---|---|
# | `"mutual_information"` | $\log q(z_i\mid x_i)-\log q(z_i)$ |
# | `"total_correlation"` | $\log q(z_i)-\sum_k\log q(z_{ik})$ |
# | `"dimension_wise_kl"` | $\sum_k\log q(z_{ik})-\log p(z_i)$ |
#
# (`ops.diagonal(a)` of a matrix `a` is the tensor of its `a[i, i]`.)


# %% nbgrader={"grade": false, "grade_id": "split", "locked": false, "schema_version": 3, "solution": true, "task": false}
def split(log_q, joint, marginals, log_prior):
    """The three parts of log q(z_i|x_i) - log p(z_i), each (B,), nats."""
    ### BEGIN SOLUTION
    own = ops.diagonal(ops.sum(log_q, axis=2))  # log q(z_i|x_i)
    product = ops.sum(marginals, axis=1)
    return {
        "mutual_information": own - joint,
        "total_correlation": joint - product,
        "dimension_wise_kl": product - log_prior,
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-split", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
loc, scale, z = posterior(5, 8, 3)
log_q = kv.estimators.pairwise_log_density(z, loc, scale)
exact = kv.estimators.aggregate_posterior_exact(z, loc, scale)  # the batch is the data set here
log_prior = kv.distributions.standard_normal(3).log_prob(z)
parts = {name: numbers(value) for name, value in split(log_q, *exact, log_prior).items()}
names = ["dimension_wise_kl", "mutual_information", "total_correlation"]
assert sorted(parts) == names, f"The keys are {names}. Yours are {sorted(parts)}."
shapes = {name: value.shape for name, value in parts.items()}
assert set(shapes.values()) == {(8,)}, f"One number for each code, (8,). Yours: {shapes}."
own = numbers(tfd.Independent(tfd.Normal(loc, scale), 1).log_prob(z))
assert np.allclose(sum(parts.values()), own - numbers(log_prior), atol=1e-3), (
    "The three terms must add up to log q(z_i|x_i) - log p(z_i), code by code. Code i's own image "
    "is on the diagonal, and log densities of dimensions add: sum, not mean."
)
### BEGIN HIDDEN TESTS
judge = kv.estimators.decomposition_terms(own, exact, log_prior)
for name, value in parts.items():
    assert np.allclose(value, judge[name], atol=1e-3), (
        f"The sum of the terms is right, but {name} is not: compare with the table line by line."
    )
### END HIDDEN TESTS

# %% [markdown]
# Do the estimators agree with the truth? 4,000 posteriors with $\sigma=0.2$ in ten dimensions, and
# batches of 64. Surgery sums over all 4,000.
#
# **Predict.** The mutual information cannot exceed $\log 4000=8.29$. Which of the two estimators
# will break this bound, and by how much?

# %%
loc, scale, _ = posterior(6, 4000, 10, sigma=0.2)
print(kv.surgery.decompose_posterior(loc, scale, samples=1000))
rng = np.random.default_rng(7)
found = {"MWS": [], "MSS": []}
for _ in range(10):
    batch = rng.choice(4000, 64, replace=False)
    z = (loc[batch] + 0.2 * rng.normal(size=(64, 10))).astype("float32")
    log_q = pairwise(z, loc[batch], scale[batch])
    log_prior = kv.distributions.standard_normal(10).log_prob(z)
    estimates = {
        "MWS": mws(log_q, 4000),
        "MSS": aggregate(log_q, ops.log(mss_weights(64, 4000).astype("float32"))),
    }
    for name, estimate in estimates.items():
        terms = split(log_q, *estimate, log_prior)
        found[name].append([numbers(terms[key]).mean() for key in sorted(terms, reverse=True)])
for name, values in found.items():
    print(name, "TC, mutual information, dimension-wise KL:", np.mean(values, axis=0).round(2))

# %% [markdown]
# ## 6. The beta-TCVAE (2 points)
#
# `kv.BetaTCVAE` computes the three terms by MSS. Write its objective. `terms` is a dictionary of
# tensors `(B,)` with the keys of question 5 and also `"reconstruction"` and `"kl"`, the KL of
# question 3 of problem set 1. The beta-TCVAE minimises
#
# $$\texttt{reconstruction}+\texttt{mutual\_information}+\beta\,\texttt{total\_correlation}
# +\texttt{dimension\_wise\_kl}.$$
#
# Your function returns `(B,)`; the class averages over images. Beta is `self.beta`.


# %% nbgrader={"grade": false, "grade_id": "objective", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TCVAE(kv.BetaTCVAE):
    def objective(self, terms):
        """What is minimised, for each image: (B,), nats."""
        ### BEGIN SOLUTION
        return (
            terms["reconstruction"]
            + terms["mutual_information"]
            + self.beta * terms["total_correlation"]
            + terms["dimension_wise_kl"]
        )
        ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "networks", "locked": true, "schema_version": 3, "solution": false, "task": false}
def build(beta, latent_dim=4, width=64):
    """A small TCVAE for images of 8x8."""
    keras.utils.set_random_seed(1)
    encoder = [layers.Flatten(), layers.Dense(width, "relu"), layers.Dense(2 * latent_dim)]
    decoder = [layers.Dense(width, "tanh"), layers.Dense(64), layers.Reshape((8, 8, 1))]
    return TCVAE(
        (8, 8, 1),
        latent_dim,
        beta=beta,
        seed=1,
        encoder=keras.Sequential([keras.Input((8, 8, 1)), *encoder]),
        decoder=keras.Sequential([keras.Input((latent_dim,)), *decoder]),
    )


# %% nbgrader={"grade": true, "grade_id": "test-objective", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
rng = np.random.default_rng(8)
terms = {name: rng.uniform(1, 5, 16).astype("float32") for name in kv.BetaTCVAE.term_names}
value = numbers(build(beta=1.0).objective(terms))
assert value.shape == (16,), f"One number for each image, (16,). Got {value.shape}."
three = terms["mutual_information"] + terms["total_correlation"] + terms["dimension_wise_kl"]
assert not np.allclose(value, terms["reconstruction"] + terms["kl"] + terms["total_correlation"]), (
    "Yours adds the total correlation to the KL, which holds it once already: its whole weight "
    "would be beta + 1, which is FactorVAE's way of counting. Use the three parts."
)
assert np.allclose(value, terms["reconstruction"] + three, atol=1e-3), (
    "With beta = 1 it is a VAE: the reconstruction and the three parts of the KL, each once."
)
### BEGIN HIDDEN TESTS
steps = numbers(build(beta=6.0).objective(terms)) - value
assert np.allclose(steps, 5 * terms["total_correlation"], atol=1e-3), (
    "From beta = 1 to beta = 6 the objective must grow by five times the total correlation, and "
    "by nothing else: beta weighs that term alone."
)
### END HIDDEN TESTS

# %% [markdown]
# Now train with it. The table shows exact terms, by surgery over all images, not what was logged.
#
# **Predict.** From $\beta=1$ to $\beta=8$: which terms fall, which rise, and what does it cost?

# %%
x = kv.data.load("digits").images(range(512))  # (512, 8, 8, 1), grey levels in [0, 1]
for beta in (1.0, 8.0):
    model = build(beta)
    model.compile(keras.optimizers.Adam(3e-3))
    history = model.fit(x, batch_size=128, epochs=40, verbose=0).history
    print(f"beta {beta:g}, logged total correlation {history['total_correlation'][-1]:.2f}")
    print(kv.surgery.decompose(model, x, samples=2048))

# %% [markdown]
# ## 7. A log to read (3 points, graded by hand)
#
# A beta-TCVAE with $D=10$ is trained on $N=4000$ images in batches of 64, with code from a public
# repository. Its log says: mutual information 42.1 nats, total correlation $-26.4$ nats. A
# colleague changes one line, and now it says 4.2 and 11.5: "plausible, so fixed". In at most 150
# words: which bounds did the first log break? Which mistake was found, which one is left, and
# why do 4.2 nats give it away? Which two tests would have caught both, and which number should
# stand in the paper?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The mutual information is at most log N = log 4000 = 8.3 nats, and a total correlation, being a
# KL divergence, is never negative. Both were broken: the log weight stood inside the sum over
# dimensions and counted ten times in the joint. That line was moved. Left is the matrix: a flat
# stride of B fills columns 0 and 1 instead of the diagonal and its neighbour, so a code's own
# image weighs 1/M instead of 1/N. A sharp posterior then seems to carry log M = log 63 = 4.1 nats,
# as if the batch were the data set, and what is missing there lands in the total correlation.
# Tests: all rows of W sum to 1 (one row fails), and E[q_hat(z)] = q(z) over all batches of a small
# data set; the latter sees both mistakes. In the paper: the exact value, summed over all N images
# by surgery, with its standard error; never the batch estimate from the log.
# ### END SOLUTION

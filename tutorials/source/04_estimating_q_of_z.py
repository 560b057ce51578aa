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
# # 4. Estimating q(z)
#
# Chapter 3 split the KL term with sums over the whole data set. A training step sees one batch.
# After this chapter you can
#
# - write the two estimators that training uses, minibatch weighted (MWS) and minibatch stratified
#   sampling (MSS), as one function with two matrices of weights;
# - say how far each is from the truth, in which direction, and why;
# - say which of their numbers may be reported (few) and which may be trained on (more);
# - find a bug that several public implementations carry, with a test of three lines.
#
# You need chapter 3's decomposition. Nothing is trained here, so every experiment has a known
# answer. Each experiment begins with a question, marked **Predict**: write down your guess
# before you run the cell.

# %%
import os

import numpy as np
from matplotlib import pyplot as plt
from scipy.special import logsumexp

import kerasvae as kv

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
SEEDS = range(10 if FULL else 3)
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# Let $x_1,\dots,x_N$ be the images and $q(z\mid x_n)$ the posterior that the encoder gives image
# $n$: a Gaussian over codes $z$ of $D$ numbers. The *aggregated posterior* is their mixture, and
# each of its dimensions $j$ has a marginal:
#
# $$q(z) = \frac1N\sum_{n=1}^{N} q(z\mid x_n), \qquad
# q(z_j) = \frac1N\sum_{n=1}^{N} q(z_j\mid x_n).$$
#
# The mutual information and the total correlation, in nats per image, are means over an image $x$
# and a code $z$ drawn from its posterior:
#
# $$\texttt{mutual\_information} = \mathbb{E}\left[\log q(z\mid x) - \log q(z)\right],\qquad
# \texttt{total\_correlation} = \mathbb{E}\Big[\log q(z) - \sum_{j=1}^{D}\log q(z_j)\Big].$$
#
# For dSprites, $N = 737{,}280$. One training step cannot visit that many posteriors for every
# code. It has a batch of $B$ images, say 64. **What can 64 posteriors say about a mixture of
# 737,280, and how wrong is it?**
#
# ## The formula
#
# Both estimators are weighted sums over the batch. For code $z_i$, drawn from image $i$ of the
# batch, with weights $W_{ij}$ on image $j$ of the batch,
#
# $$\hat q(z_i) = \sum_{j=1}^{B} W_{ij}\, q(z_i\mid x_j),\qquad
# \hat q(z_{ik}) = \sum_{j=1}^{B} W_{ij}\, q(z_{ik}\mid x_j).$$
#
# The weight enters *once* in each sum: once for the joint density, once for each dimension $k$.
#
# - **MWS**: $W_{ij} = \frac{1}{NB}$, everywhere.
# - **MSS**, with $M = B-1$: $W_{ii} = \frac1N$, since $z_i$'s own image is one of $N$ and is
#   surely there. The other $M$ images stand for the $N-1$ that are left. One of them, the next in
#   the batch, has $\frac{N-M}{NM}$; all others $\frac1M$. Each row sums to 1.
#
# With all $N$ images at hand and weights $\frac1N$, the same sum is exact.

# %% [markdown]
# ## By hand
#
# We compute with logarithms, because densities in ten dimensions overflow. Then the sum becomes a
# log-sum-exp.


# %%
def pairwise(z, loc, scale):
    """log q(z_ik | x_j): (..., codes, images, D)."""
    standardised = (z[..., :, None, :] - loc[..., None, :, :]) / scale[..., None, :, :]
    return -0.5 * (standardised**2 + np.log(2 * np.pi)) - np.log(scale[..., None, :, :])


def aggregate(log_q, log_w):
    """log q(z), (..., codes), and log q(z_k), (..., codes, D)."""
    joint = logsumexp(log_w + log_q.sum(axis=-1), axis=-1)
    return joint, logsumexp(log_w[..., None] + log_q, axis=-2)


# %%
def mws_weights(B, N):
    return np.full((B, B), 1 / (N * B))


def mss_weights(B, N):
    M = B - 1
    W = np.full((B, B), 1 / M)
    own = np.arange(B)
    W[own, own] = 1 / N
    W[own, (own + 1) % B] = (N - M) / (N * M)
    return W


# %% [markdown]
# The library has the same in
# [`aggregate_posterior.py`](../kerasvae/estimators/aggregate_posterior.py), on tensors, so that
# gradients flow through it. Do we agree, joint and marginals, on a batch of random posteriors?

# %%
# NBVAL_CHECK_OUTPUT
rng = np.random.default_rng(0)
B, N, D = 64, 4000, 10
loc, scale = rng.standard_normal((B, D)), rng.uniform(0.1, 1, (B, D))
z = loc + scale * rng.standard_normal((B, D))
theirs = {
    "mws": kv.estimators.aggregate_posterior_mws(z, loc, scale, N),
    "mss": kv.estimators.aggregate_posterior_mss(z, loc, scale, N),
}
for name, weights in {"mws": mws_weights, "mss": mss_weights}.items():
    joint, marginals = aggregate(pairwise(z, loc, scale), np.log(weights(B, N)))
    np.testing.assert_allclose(joint, theirs[name].log_qz, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(marginals, theirs[name].log_qz_per_dimension, rtol=1e-4, atol=1e-3)
    print(name, joint.shape, marginals.shape)

# %% [markdown]
# ## A posterior with a known answer
#
# Instead of an encoder we take $N$ random means and one standard deviation, $\sigma = 0.2$, in
# ten dimensions. Points in ten dimensions are far apart, so posteriors hardly overlap: a code
# tells its image with near certainty, and the mutual information is $\log N$, its largest
# possible value.
#
# **Predict.** $\log 4000 = 8.29$. The means are drawn independently in each dimension. Is the
# total correlation of $q(z)$ near zero?


# %%
def posterior(seed, N=4000, D=10, sigma=0.2):
    loc = np.random.default_rng(seed).standard_normal((N, D))
    return loc, np.full((N, D), sigma)


exact = [kv.surgery.decompose_posterior(*posterior(seed), samples=2000) for seed in SEEDS]
for result in exact:
    assert abs(result.mutual_information - np.log(4000)) < 0.05
    assert 7.5 < result.total_correlation < 8.5
print(exact[0])

# %% [markdown]
# The total correlation is 8 nats, not zero. $q(z)$ is the mixture over these 4,000 images, not
# the distribution they came from: a product of its marginals would put mass between the islands,
# where $q(z)$ has none. Keep this in mind when a sharp encoder shows a large total correlation.
#
# ## From a batch
#
# **Predict.** The true values are 8.3 for the mutual information and 8.0 for the total correlation.
# What will MSS say from batches of 64? And MWS? Hint for MWS: its rows sum to $1/N$, not to 1. In
# how many of the terms $\log q(z), \log q(z_1), \dots, \log q(z_{10})$ does that $\log\frac1N$
# appear, and with which sign?


# %%
def draw(loc, scale, B, rng):
    """A batch: means and standard deviations of B different images, and a code of each."""
    batch = rng.choice(len(loc), B, replace=False)
    loc, scale = loc[batch], scale[batch]
    return loc, scale, loc + scale * rng.standard_normal(loc.shape)


def information_and_correlation(log_q, joint, marginals):
    """The two terms of codes 0, 1, ... of a batch, averaged over the codes."""
    own = np.diagonal(log_q.sum(axis=-1))  # log q(z_i|x_i)
    return np.array([(own - joint).mean(), (joint - marginals.sum(axis=-1)).mean()])


# %%
def estimate(weights, seed, B=64, batches=20):
    (loc, scale), rng = posterior(seed), np.random.default_rng(seed + 1000)
    log_w, terms = np.log(weights(B, len(loc))), []
    for _ in range(batches):
        batch_loc, batch_scale, z = draw(loc, scale, B, rng)
        log_q = pairwise(z, batch_loc, batch_scale)
        terms.append(information_and_correlation(log_q, *aggregate(log_q, log_w)))
    return np.mean(terms, axis=0)


mss = np.array([estimate(mss_weights, seed) for seed in SEEDS])  # (seeds, 2)
mws = np.array([estimate(mws_weights, seed) for seed in SEEDS])
for name, values in {"MSS": mss, "MWS": mws}.items():
    print(name, "'mutual information', 'total correlation':", values.mean(axis=0).round(2))

# %%
# NBVAL_CHECK_OUTPUT
truth = np.array([[r.mutual_information, r.total_correlation] for r in exact])
assert (abs(mss[:, 0] - truth[:, 0]) < 0.1).all()
assert ((mss - truth)[:, 1] > 0.3).all() and ((mss - truth)[:, 1] < 1.5).all()
assert (abs((mws - truth)[:, 0] - np.log(64)) < 0.1).all()
assert (abs((mws - truth)[:, 1] - (10 * np.log(4000) - np.log(64))) < 2).all()
print("MWS's information is possible:", bool((mws[:, 0] <= np.log(4000)).all()))

# %% [markdown]
# MSS is right about the mutual information and somewhat high for the total correlation, 8.8 for
# 8.0. **MWS says 86.** That number is not a total correlation: it is about
# $8.0 + D\log N - \log B$, a statement about the size of the data set. Each of ten marginals
# carries $\log\frac1N$ with a minus sign; the joint, where only the code's own image counts,
# carries an extra $\log\frac1B$. Its "mutual information" of 12.4 is above $\log N$, where none can
# be.
#
# Why would anyone train on it? Because $\log NB$ is a constant, and constants have no gradient.
# What is left, the log-sum-exp over the batch, still points in a useful direction. So: MWS as a
# gradient, yes; as a number in a table, never.

# %% [markdown]
# ## What "unbiased" promises
#
# MSS's promise is about the density: averaged over the other images of the batch,
# $\mathbb{E}[\hat q(z_i)] = q(z_i)$ (Chen et al. 2018, appendix C.2). So the ratio
# $\hat q(z_i)/q(z_i)$ has mean 1, whatever the code. On a data set small enough to sum over, that
# can be *tested*, with thousands of batches: here $N = 200$, $B = 16$, $D = 2$.
#
# **Predict.** The mean ratio for MSS is 1. For MWS: nearer to 1, to $1/B$, or to $1/N$? And the
# mean of the *logarithm* of MSS's ratio: zero, negative, or positive?


# %%
def ratios(weights, seed, N=200, B=16, D=2, batches=2000):
    """log of q_hat(z_i) / q(z_i): (batches, B)."""
    (loc, scale), rng = posterior(seed, N, D), np.random.default_rng(seed)
    batch = np.argsort(rng.random((batches, N)), axis=1)[:, :B]  # without replacement
    loc_b, scale_b = loc[batch], scale[batch]  # (batches, B, D)
    z = loc_b + scale_b * rng.standard_normal(loc_b.shape)
    estimate, _ = aggregate(pairwise(z, loc_b, scale_b), np.log(weights(B, N)))
    exact, _ = aggregate(pairwise(z, loc, scale), np.log(np.full(N, 1 / N)))
    return estimate - exact


def mean_and_error(ratio):
    """Mean, and its standard error over batches (rows of one batch are not independent)."""
    return ratio.mean(), ratio.mean(axis=1).std(ddof=1) / np.sqrt(len(ratio))


# %%
for seed in SEEDS:
    log_mss, mws_ratio = ratios(mss_weights, seed), np.exp(ratios(mws_weights, seed)).mean()
    mean, error = mean_and_error(np.exp(log_mss))
    log_mean, log_error = mean_and_error(log_mss)
    assert abs(mean - 1) < 4 * error and error < 0.02
    assert log_mean < -10 * log_error
    assert 1 / 200 < mws_ratio < 5 / 200
    print(f"MSS {mean:.3f} +- {error:.3f}, mean log {log_mean:.2f}; MWS {mws_ratio:.4f}")

# %% [markdown]
# MSS keeps its promise. MWS is low by a factor of about $N$, as its rows say. But every term of the
# decomposition needs $\log q(z)$, and the logarithm of an unbiased estimate is biased: by Jensen's
# inequality $\mathbb{E}\log\hat q \le \log\mathbb{E}\hat q$, and the more $\hat q$ scatters, the
# larger the gap. That is why even MSS was wrong by 0.7 nats above.

# %% [markdown]
# ## Bias, as B and N vary
#
# To see bias and not noise, we use pairs: for the same codes the estimate and the exact sum over
# all $N$. Each point is a mean over three data sets, with their standard deviation as error bar.
#
# **Predict.** Sketch the bias of the total correlation against the batch size, for MSS and MWS,
# on a logarithmic axis. Does the largest batch in use, 2,048, help MWS?


# %%
def bias(weights, seed, N, B, batches=8, codes=32):
    (loc, scale), rng = posterior(seed, N), np.random.default_rng(seed + 1000)
    codes, terms = min(codes, B), []
    for _ in range(batches):
        batch_loc, batch_scale, z = draw(loc, scale, B, rng)
        log_q = pairwise(z[:codes], batch_loc, batch_scale)
        log_q_all = pairwise(z[:codes], loc, scale)
        guess = aggregate(log_q, np.log(weights(B, N)[:codes]))
        exact = aggregate(log_q_all, np.log(np.full(N, 1 / N)))
        correlation = [information_and_correlation(log_q, *pair)[1] for pair in (guess, exact)]
        terms.append(correlation[0] - correlation[1])
    return np.mean(terms)


# %%
sizes = {"B": [16, 64, 256, 1024], "N": [256, 1024, 4096] + [16384] * FULL}
biases = {}  # (estimator, what varies): (values, seeds)
for name, weights in {"MSS": mss_weights, "MWS": mws_weights}.items():
    by_batch = [[bias(weights, seed, 4096, B) for seed in SEEDS] for B in sizes["B"]]
    by_images = [[bias(weights, seed, N, 64) for seed in SEEDS] for N in sizes["N"]]
    biases[name, "B"], biases[name, "N"] = np.array(by_batch), np.array(by_images)

assert (biases["MSS", "B"][0] > 10 * abs(biases["MSS", "B"][-1])).all()
assert (biases["MSS", "B"][:-1] > 0).all()
assert (biases["MWS", "B"] > 70).all()
assert (np.diff(biases["MWS", "N"], axis=0) > 8).all()

# %%
figure, panels = plt.subplots(1, 2, figsize=(7, 3), sharey=True)
for panel, (axis, values), fixed in zip(panels, sizes.items(), ["$N=4096$", "$B=64$"]):
    for name in ("MWS", "MSS"):
        runs = biases[name, axis]
        error = runs.std(axis=1, ddof=1)
        panel.errorbar(values, runs.mean(axis=1), error, capsize=3, label=name)
    B, N = (np.array(values), 4096) if axis == "B" else (64, np.array(values))
    rule = 10 * np.log(N) - np.log(B)
    panel.plot(values, rule, "k:", marker="", label=r"$D\,\log N-\log B$")
    panel.set(xscale="log", yscale="log", title=fixed, ylim=(0.01, 200))
    panel.set_xticks(values, values)
    panel.minorticks_off()
    panel.set_xlabel({"B": "batch size $B$", "N": "images $N$"}[axis])
panels[0].set_ylabel("bias of the total correlation\n(nats per image)")
panels[1].legend(loc="lower right");

# %% [markdown]
# Left: MSS's error falls from about four nats at $B=16$ to less than a tenth of a nat at $B=1024$,
# while MWS's stays near 78: a larger batch does not help. Right: with the batch fixed, MWS's error
# grows with the logarithm of the size of the data set, along the dotted line, and MSS's grows
# slowly.

# %% [markdown]
# ## A published bug
#
# To fill the diagonal of a $B\times B$ matrix, one can walk over its flat memory with stride
# $B+1$. Several public implementations of MSS walk with stride $M+1$. But $M = B - 1$, so the
# stride is $B$, one full row. Below is that matrix, beside the right one, for $B=6$, $N=20$.
#
# **Predict.** Which entries does a stride of one row fill? Will the rows still sum to 1?


# %%
def published_weights(B, N):
    M = B - 1
    W = np.full((B, B), 1 / M)
    W.reshape(-1)[:: M + 1] = 1 / N  # meant: the diagonal
    W.reshape(-1)[1 :: M + 1] = (N - M) / (N * M)  # meant: to the right of it
    W[M - 1, 0] = (N - M) / (N * M)
    return W


figure, panels = plt.subplots(1, 2, figsize=(5.5, 2.6))
for panel, weights in zip(panels, [mss_weights, published_weights]):
    shown = panel.imshow(weights(6, 20), cmap="viridis", vmin=0, vmax=0.2)
    panel.set(xlabel="image $j$", ylabel="code $i$", title=weights.__name__)
    panel.grid(False)
figure.colorbar(shown, ax=panels, label="weight $W_{ij}$");

# %% [markdown]
# The weights for "own image" stand in column 0, those for "the next" in column 1. A code's own
# image now weighs $1/M$ instead of $1/N$: as if a batch were the whole data set.
#
# Which test sees it? A natural one is that rows sum to 1. Count the rows that fail. Then ask for
# $\mathbb{E}[\hat q] = q$.

# %%
# NBVAL_CHECK_OUTPUT
row_sums = published_weights(64, 4000).sum(axis=1)
print("rows that do not sum to 1:", int((abs(row_sums - 1) > 1e-9).sum()), "of", len(row_sums))
np.testing.assert_allclose(np.exp(kv.estimators.log_weights_stratified(64, 4000)).sum(1), 1, 1e-5)
for weights in (mss_weights, published_weights):
    found = [mean_and_error(np.exp(ratios(weights, seed))) for seed in SEEDS]
    passes = {bool(abs(mean - 1) < 4 * error) for mean, error in found}
    print(weights.__name__, "E[q_hat] = q:", *passes)
assert min(mean for mean, _ in found) > 2

# %% [markdown]
# Only one row of 64 gives the bug away, and a test of the average row sum, with a tolerance, would
# let it pass. The expectation does not let it pass: it is three times too large, far outside its
# error. What does the bug do to the terms, on the data sets from above ($N=4000$, $B=64$)? In some
# programs a second mistake goes with it: the weight stands *inside* the sum over dimensions, and
# then counts $D$ times.


# %%
def inside(seed, B=64):
    (loc, scale), rng = posterior(seed), np.random.default_rng(seed + 1000)
    loc, scale, z = draw(loc, scale, B, rng)
    log_q = pairwise(z, loc, scale)
    weighted = np.log(published_weights(B, 4000))[..., None] + log_q
    joint = logsumexp(weighted.sum(axis=-1), axis=-1)  # D times the weight
    return information_and_correlation(log_q, joint, logsumexp(weighted, axis=-2))


# %%
rows = {"exact": truth, "MSS": mss}
rows["published"] = np.array([estimate(published_weights, seed) for seed in SEEDS])
rows["published, inside"] = np.array([inside(seed) for seed in SEEDS])
assert (rows["published"][:, 0] < truth[:, 0] - 3).all()
assert (rows["published"][:, 1] > truth[:, 1] + 2).all()
assert (rows["published, inside"][:, 0] > 3 * np.log(4000)).all()
assert (rows["published, inside"][:, 1] < -10).all()

# %%
figure, axis = plt.subplots(figsize=(7, 2.8))
for shift, term in enumerate(["mutual_information", "total_correlation"]):
    values = np.array([row[:, shift] for row in rows.values()])  # (rows, seeds)
    place = np.arange(len(rows)) + 0.4 * (shift - 0.5)
    look = {"capsize": 3, "hatch": [None, "///"][shift], "edgecolor": "white", "label": term}
    bars = axis.bar(place, values.mean(axis=1), 0.38, yerr=values.std(axis=1, ddof=1), **look)
    axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=9, bbox={"fc": "white", "lw": 0, "pad": 0})
axis.axhline(np.log(4000), color="black", marker="", ls=":", label=r"$\log N$")
axis.axhline(0, color="black", marker="", lw=0.8)
axis.set_xticks(range(len(rows)), rows)
axis.set(ylabel="nats per image", ylim=(-34, 50), axisbelow=True)
axis.legend(loc="upper left");

# %% [markdown]
# With the bug, the mutual information is about $\log M$, and what it lacks lands in the total
# correlation: plausible numbers, which is why the bug lives on. With the weights inside, the total
# correlation is negative, which no KL divergence can be: bounds catch coarse mistakes for free. MWS
# is not drawn, since its number says nothing about these terms. (Means over three data sets, with
# their standard deviation.)
#
# ## Limits
#
# - The posteriors here are alike and far apart. Where they overlap ($\sigma = 0.8$), MSS is too
#   *low* in the total correlation and too high in the mutual information (exercise 2).
# - For *reported* values use [`surgery`](../kerasvae/surgery/decompose.py), which sums over all
#   images and gives a standard error. During training,
#   [`SurgeryCallback`](../kerasvae/callbacks.py) does that at the end of an epoch; the
#   `total_correlation` that a `BetaTCVAE` logs by itself is a batch estimate.
# - We judged numbers. How much a bias matters for the *gradient* is another question: chapter 6.
#
# ## Exercises
#
# 1. *Easy.* Show on paper that MSS's rows sum to 1, and that MWS's sum to $1/N$.
# 2. *Easy.* Run the bias experiment for both terms with `sigma=0.8`. Which sign does the bias of
#    each term have now? Explain it with Jensen's inequality for the joint and for the marginals.
# 3. *Medium.* Multiply MWS's weights by $N$. Its rows then sum to 1. Is
#    $\mathbb{E}[\hat q] = q$ now? Use `ratios`, then find the reason in the weight of the code's
#    own image.
# 4. *Medium.* A last batch of an epoch may be smaller. What do the MSS weights become for $B=2$,
#    for $B=1$, and for $B=N$? Compare with `kv.estimators.log_weights_stratified`.
# 5. *Open.* The bias comes from the scatter of $\hat q$. Can you correct it, for instance with a
#    second-order term or a jackknife over the batch, at no more than twice the cost? What happens
#    to the variance?
#
# ## References
#
# - Chen, Li, Grosse, Duvenaud (2018). *Isolating sources of disentanglement in variational
#   autoencoders.* Equation 5 and appendix C: MWS and MSS.
# - Hoffman, Johnson (2016). *ELBO surgery: yet another way to carve up the variational evidence
#   lower bound.*
# - Kim, Mnih (2018). *Disentangling by factorising.* Another estimator of the total correlation:
#   a discriminator.
#
# Before: [3. ELBO surgery](03_elbo_surgery.ipynb).
# Next: [5. The marginal KL](05_marginal_kl.ipynb).

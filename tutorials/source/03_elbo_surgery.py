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
# # 3. ELBO surgery
#
# Chapter 2 put a weight on the KL term. This chapter cuts that term open. After it you can
#
# - split the KL of a data set into what the code *says*, what it says *twice*, and the *shape* it
#   has, and compute the three by hand;
# - bound the first by the number of images, and explain where a KL above the bound goes;
# - tell which of the three a beta-VAE lowers, from bars with error bars;
# - say why a weight on the whole KL hurts, and what one would rather weigh.
#
# You need chapters 1 and 2: the ELBO and the beta-VAE. Each experiment begins with a question,
# marked **Predict**: write down your guess before you run the cell.

# %%
import math
import os

import keras
import numpy as np
from keras import layers
from matplotlib import pyplot as plt

import kerasvae as kv

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
SEEDS = range(5 if FULL else 3)
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# A VAE pays for each nat of $\mathrm{KL}(q(z\mid x)\,\|\,p(z))$. Part of what it buys is
# useful: without any KL the code knows nothing about the image. Part looks like waste. If two
# dimensions of the code say the same thing, the decoder could do with one. **Which part is
# which, and does a larger weight on the KL cut the waste or the use?**
#
# ## The formula
#
# We need one more distribution. Let $x_1,\dots,x_N$ be the images. Forget which image a code $z$
# came from, and it has the *aggregated posterior*
#
# $$q(z) = \frac1N\sum_{n=1}^{N} q(z\mid x_n),$$
#
# the mixture of all posteriors. Write $q(z_j)$ for its marginal in dimension $j$ of $D$. Then the
# mean of the KL over the images is a sum of three terms, none of them negative:
#
# $$\underbrace{\tfrac1N\textstyle\sum_n \mathrm{KL}(q(z\mid x_n)\,\|\,p(z))}_{\texttt{kl}} =
# \underbrace{I_q(x;z)}_{\texttt{mutual\_information}} +
# \underbrace{
# \underbrace{\mathrm{KL}(q(z)\,\|\,\textstyle\prod_j q(z_j))}_{\texttt{total\_correlation}} +
# \underbrace{\textstyle\sum_j \mathrm{KL}(q(z_j)\,\|\,p(z_j))}_{\texttt{dimension\_wise\_kl}}
# }_{\texttt{marginal\_kl}\;=\;\mathrm{KL}(q(z)\,\|\,p(z))} .$$
#
# - `mutual_information` is $\mathbb{E}[\log q(z\mid x) - \log q(z)]$: how much a code tells about
#   *which* of the $N$ images it came from.
# - `total_correlation` is how far $q(z)$ is from having independent dimensions.
# - `dimension_wise_kl` is how far each dimension, taken alone, is from the prior's.
#
# To see it, add and subtract $\log q(z)$ and $\sum_j\log q(z_j)$ inside
# $\mathbb{E}[\log q(z\mid x)-\log p(z)]$; the prior is a product, $p(z)=\prod_j p(z_j)$. The first
# cut is Hoffman and Johnson's "ELBO surgery", the second Chen and others'. All terms are in nats
# per image.

# %% [markdown]
# ## By hand, on four images
#
# Four images and a code of two dimensions are few enough to integrate on a grid of points. Here
# are four encoders, with means that put each term in turn at work. All standard deviations in an
# encoder are equal.
#
# **Predict.** For each encoder: which of the three terms are (nearly) zero, and which is largest?
#
# - *silent*: every image gets the prior, mean $(0, 0)$, standard deviation 1;
# - *square*: the four corners $(\pm1, \pm1)$, standard deviation 0.3;
# - *diagonal*: four points with $z_1=z_2$, standard deviation 0.3;
# - *shifted*: every image gets mean $(2, 2)$, standard deviation 1.

# %%
encoders = {
    "silent": ([[0, 0]] * 4, 1.0),
    "square": ([[-1, -1], [-1, 1], [1, -1], [1, 1]], 0.3),
    "diagonal": ([[-1.5, -1.5], [-0.5, -0.5], [0.5, 0.5], [1.5, 1.5]], 0.3),
    "shifted": ([[2, 2]] * 4, 1.0),
}
encoders = {
    name: (np.array(means, "float64"), np.full((4, 2), deviation))
    for name, (means, deviation) in encoders.items()
}


# %%
axis = np.linspace(-9, 9, 721)  # of each dimension; the densities are zero outside
step = axis[1] - axis[0]


def normal(z, loc, scale):
    return np.exp(-0.5 * ((z - loc) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))


def kl_on_grid(p, q, cell):
    """sum of p log(p / q) times the cell; 0 log 0 counts as 0."""
    return np.sum(p * (np.log(np.maximum(p, 1e-300)) - np.log(np.maximum(q, 1e-300)))) * cell


# %%
def by_hand(loc, scale):
    each = normal(axis, loc[:, :, None], scale[:, :, None])  # (N, 2, points): q(z_j|x_n)
    joint = each[:, 0, :, None] * each[:, 1, None, :]  # (N, points, points): q(z|x_n)
    qz, qz1, qz2 = joint.mean(axis=0), *each.mean(axis=0)
    prior = normal(axis, 0, 1)
    return {
        "mutual_information": np.mean([kl_on_grid(q, qz, step**2) for q in joint]),
        "total_correlation": kl_on_grid(qz, np.outer(qz1, qz2), step**2),
        "dimension_wise_kl": sum(kl_on_grid(q, prior, step) for q in (qz1, qz2)),
        "kl": np.mean([kl_on_grid(q, np.outer(prior, prior), step**2) for q in joint]),
    }


# %%
# NBVAL_CHECK_OUTPUT
PARTS = kv.plotting.SURGERY_PARTS
hand = {name: by_hand(loc, scale) for name, (loc, scale) in encoders.items()}
for name, terms in hand.items():
    assert abs(sum(terms[part] for part in PARTS) - terms["kl"]) < 1e-6  # the identity
    assert terms["mutual_information"] <= np.log(4) + 1e-9
    assert min(terms.values()) > -1e-9
    at_work = [part for part in PARTS if terms[part] > 0.01]
    print(f"{name:9}", *at_work)

# %% [markdown]
# ## With the library
#
# [`kerasvae.surgery`](../kerasvae/surgery/decompose.py) takes the means and standard deviations of
# all images. No grid fits ten dimensions, so it draws codes, evaluates $\log q(z)$ over *all*
# images for each, and says how far off the mean may be: a standard error for each term. The `kl`
# needs no draws, since it has a closed form. If the library and our integrals agree within their
# errors, both are probably right.

# %%
for name, (loc, scale) in encoders.items():
    result = kv.surgery.decompose_posterior(loc, scale, samples=4000)
    for part in (*PARTS, "kl"):
        margin = 5 * result.standard_errors[part] + 1e-3
        assert abs(getattr(result, part) - hand[name][part]) < margin, (name, part)
print(kv.surgery.decompose_posterior(*encoders["diagonal"], samples=4000))

# %%
figure, panels = plt.subplots(1, 4, figsize=(7, 2.2), sharex=True, sharey=True)
for panel, (name, (loc, scale)) in zip(panels, encoders.items()):
    each = normal(axis, loc[:, :, None], scale[:, :, None])
    qz = np.mean(each[:, 0, :, None] * each[:, 1, None, :], axis=0)
    panel.contourf(axis, axis, qz.T, levels=8, cmap="Blues")
    panel.plot(*loc.T, "x", color="black", markersize=4)
    panel.set(title=name, xlabel="$z_1$", xlim=(-4, 4), ylim=(-4, 4), aspect="equal")
panels[0].set_ylabel("$z_2$");

# %%
kv.plotting.surgery_bars(hand)

# %% [markdown]
# *Square* and *diagonal* say almost equally much, since both keep four images apart: about
# $\log 4 = 1.39$ nats, which is all there is to say about four. But *diagonal* says it twice and
# pays for that in total correlation. *Shifted* pays the most and says nothing at all.
#
# ## Information has a ceiling
#
# A code cannot tell more than which of $N$ images it is: $0\le I_q(x;z)\le\log N$. The KL has no
# ceiling. Take $N=256$ images with random means in two dimensions, and let the encoder become
# ever more precise: the standard deviation $\sigma$ shrinks.
#
# **Predict.** $\log 256 = 5.5$. Sketch the KL and the mutual information as $\sigma$ goes from 1 to
# 0.001. Where do the nats above the ceiling go?

# %%
deviations = np.geomspace(1, 0.001, 10)
sweep = []
for seed in SEEDS:
    loc = np.random.default_rng(seed).standard_normal((256, 2))
    results = [
        kv.surgery.decompose_posterior(loc, np.full_like(loc, s), samples=2048) for s in deviations
    ]
    sweep.append([[getattr(r, part) for part in (*PARTS, "kl")] for r in results])
    precise = results[-1]
    assert all(
        r.mutual_information <= np.log(256) + 4 * r.standard_errors["mutual_information"] + 1e-4
        for r in results
    )
    assert abs(precise.mutual_information - np.log(256)) < 0.01
    assert precise.kl > np.log(256) + 6

# %%
figure, panel = plt.subplots(figsize=(6, 3))
mean, spread = np.mean(sweep, axis=0), np.std(sweep, axis=0, ddof=1)
for part, values, error in zip((*PARTS, "kl"), mean.T, spread.T):
    panel.errorbar(deviations, values, error, capsize=3, label=part)
panel.axhline(np.log(256), color="black", ls=":", marker="", label=r"$\log N$")
panel.set(xscale="log", xlabel=r"standard deviation $\sigma$", ylabel="nats per image")
panel.invert_xaxis()
panel.legend(loc="upper left", bbox_to_anchor=(1, 1));

# %% [markdown]
# Once the posteriors no longer overlap, precision buys no information. The KL goes on rising, and
# all of it is `marginal_kl`: $q(z)$ becomes a set of 256 islands, first correlated and then,
# dimension by dimension, nothing like the prior. A KL far above $\log N$ is a warning: the encoder
# memorises.
#
# ## Two models on the same bars
#
# Now trained models. The data are $N=3{,}072$ sprites of 32x32 pixels, which differ in shape,
# scale, orientation and position. We compare a VAE and a beta-VAE that pays 4 nats for each nat of
# KL, with three seeds each.
#
# **Predict.** Chapter 2 showed that the beta-VAE's KL is lower and its images are worse. Which of
# the three terms fall? Only the waste? And which falls by the larger *share*?

# %%
# NBVAL_CHECK_OUTPUT
sprites = kv.data.load("dsprites-mini")
images = sprites.images(range(len(sprites)))
print(sprites)
print(images.shape, images.dtype)


# %%
def networks(latent_dim=6, width=256, shape=(32, 32, 1)):
    encoder = keras.Sequential([keras.Input(shape), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((latent_dim,))])
    for _ in range(2):
        encoder.add(layers.Dense(width, activation="relu"))
        decoder.add(layers.Dense(width, activation="tanh"))
    encoder.add(layers.Dense(2 * latent_dim))
    decoder.add(layers.Dense(math.prod(shape)))
    decoder.add(layers.Reshape(shape))
    return {"encoder": encoder, "decoder": decoder}


# %%
def built(beta, seed):
    keras.utils.set_random_seed(seed)
    model = kv.BetaVAE((32, 32, 1), latent_dim=6, beta=beta, seed=seed, **networks())
    model.compile(keras.optimizers.Adam(2e-3))
    return model


# %%
names = {"VAE": 1.0, "beta-VAE, 4": 4.0}
models = {name: [built(beta, seed) for seed in SEEDS] for name, beta in names.items()}
kv.training.fit_population(  # together: the step is compiled once for all of them
    [model for runs in models.values() for model in runs],
    images, batch_size=128, epochs=120 if FULL else 40,
)
surgeries = {
    name: [kv.surgery.decompose(model, images, samples=6144) for model in runs]
    for name, runs in models.items()
}
print(surgeries["VAE"][0])

# %% [markdown]
# First the identities, now on trained models. Then the claims, seed by seed.

# %%
for result in (*surgeries["VAE"], *surgeries["beta-VAE, 4"]):
    parts = [getattr(result, part) for part in PARTS]
    assert abs(sum(parts) - result.kl) < 1e-4
    assert abs(result.mutual_information + result.marginal_kl - result.kl) < 1e-4
    assert abs(result.per_dimension_kl.sum() - result.kl) < 1e-4
    assert 0 < result.mutual_information < np.log(len(images))
    assert min(parts) > 0

for vae, beta_vae in zip(*surgeries.values()):
    assert beta_vae.total_correlation < 0.7 * vae.total_correlation
    assert beta_vae.mutual_information < vae.mutual_information - 0.8
    assert beta_vae.reconstruction > vae.reconstruction + 3

# %%
kv.plotting.surgery_bars(surgeries)

# %% [markdown]
# Waste and information both fall. The beta-VAE loses most of its total correlation, but also more
# than a nat of mutual information; and that nat is missing from its images, whose reconstruction
# term is worse by several nats in every seed. The bars are means over the seeds, with their
# standard deviation.

# %%
chosen = np.linspace(100, len(images) - 100, 10).astype(int)
rows = [images[chosen], *(runs[0].reconstruct(images[chosen]) for runs in models.values())]
kv.plotting.traversals(np.stack(rows), labels=["image", *models])

# %% [markdown]
# Both models draw soft blobs, after so little training. Look at the two long ellipses in the
# middle: the VAE's are still long and tilted, the beta-VAE's are nearly round. Which way an ellipse
# points is a fact about the image, not redundancy.
#
# ## Why penalising all of the KL hurts
#
# The objective reconstruction $+\,\beta\,$kl is, by the identity,
#
# $$\text{reconstruction} + \beta\,\texttt{mutual\_information} + \beta\,\texttt{total\_correlation}
# + \beta\,\texttt{dimension\_wise\_kl}.$$
#
# Reconstruction falls when the code says more; the second term, at $\beta=4$, fines the same
# thing four times over. Nothing in the aim "independent dimensions, shaped like the prior" asks
# for that fine: the aim is about $q(z)$, so about the last two terms. What did each model pay for
# what?
#
# **Predict.** Which falls by the larger share from VAE to beta-VAE: the mutual information or the
# total correlation?


# %%
# NBVAL_CHECK_OUTPUT
def mean(name, term):
    return np.mean([getattr(result, term) for result in surgeries[name]])


lost = {part: mean("VAE", part) - mean("beta-VAE, 4", part) for part in PARTS}
share = {part: lost[part] / mean("VAE", part) for part in PARTS[:2]}
assert share["total_correlation"] > 0.4 > share["mutual_information"] > 0.05
print("falls by the larger share:", max(share, key=share.get))
print("every term falls:", all(value > 0 for value in lost.values()))

# %% [markdown]
# So the weight is not blind: per nat, correlation is easier to give up than information. Part of
# what was cut was waste. But the two came as one package, at one price. A weight on
# `marginal_kl` alone (chapter 5), or on `total_correlation` alone (chapter 6), would leave the
# information at its normal price. For that, $q(z)$ has to be estimated during training, from one
# batch, which is harder than it looks (chapter 4).
#
# ## Limits
#
# - The terms are those of *these* $N$ images as the whole population. On held-out images, or more
#   of them, they change: the ceiling is $\log N$.
# - A standard error tells how well the *term of this model* is known. It is far smaller than the
#   spread over seeds. Compare models by seeds.
# - Two Dense layers and 40 epochs are a small, half-trained model. In the full tier it trains three
#   times as long: the VAE then switches off dimensions by itself, and its total correlation falls
#   too. The claims hold in both tiers; the heights of the bars do not carry over.
# - A low total correlation is not yet disentanglement: dimensions can be independent and each
#   still mix several factors.
#
# ## Exercises
#
# 1. *Easy.* Give *square* the standard deviation 1. Predict each term, then compute it.
# 2. *Easy.* Rotate *diagonal* by 45 degrees. Which terms change? Which one cannot, and why?
# 3. *Medium.* Repeat one surgery with 1,000, 4,000 and 16,000 samples and different `seed`s. Does
#    the spread of the results agree with the standard errors? By which factor do they fall?
# 4. *Medium.* Train with $\beta=8$ and $\beta=0.5$. Plot reconstruction against mutual
#    information for all your models. What line would you expect, if a nat of information saved a
#    nat of reconstruction?
# 5. *Open.* Surgery takes one half of the images out of $q(z)$ and asks for the other half. Is
#    the KL of held-out images still a sum of such terms? Which of them can become negative?
#
# ## References
#
# - Hoffman, Johnson (2016). *ELBO surgery: yet another way to carve up the variational evidence
#   lower bound.* Equation 8: mutual information and marginal KL, and the bound $\log N$.
# - Chen, Li, Grosse, Duvenaud (2018). *Isolating sources of disentanglement in variational
#   autoencoders.* Equation 2: the three terms.
# - Higgins and others (2017). *beta-VAE: learning basic visual concepts with a constrained
#   variational framework.*
# - Locatello and others (2019). *Challenging common assumptions in the unsupervised learning of
#   disentangled representations.* Why low total correlation is not enough.
#
# Before: [2. The beta-VAE](02_beta_vae.ipynb).
# Next: [4. Estimating q(z)](04_estimating_q_of_z.ipynb).

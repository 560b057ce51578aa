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
# # 0. Start here
#
# A *sprite* is a small picture of a shape. It has a thousand pixels, and yet five numbers say all
# of it: which shape it is, how large, how it is turned, and (two numbers) where it stands. A
# *disentangled* code is one in which each number means one such thing. This course is about models
# that find codes without being told what to look for, and about what they can and cannot be trusted
# with. After this chapter you can
#
# - see whether your set-up works, and on which device and backend it computes;
# - choose between the quick and the full tier of the chapters;
# - find every model of the course on one map, by the piece of the KL divergence that it pushes on;
# - look up a symbol, its name in the code, and the chapter that explains it.

# %%
import os

import keras
import numpy as np
from IPython.display import display
from matplotlib import pyplot as plt

import kerasvae as kv

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
keras.utils.set_random_seed(0)
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## Does it work here?
#
# Keras runs on one of several backends; kerasvae is tested on TensorFlow, its default, and on JAX.
# The backend is chosen before Keras is imported: `KERAS_BACKEND=jax jupyter lab`. The cell below
# should show `True` twice.

# %%
# NBVAL_CHECK_OUTPUT
print("a backend that is tested:", keras.backend.backend() in ("tensorflow", "jax"))
print("data with known factors:", len(kv.data.load("dsprites-mini")) == 3072)

# %%
devices = keras.distribution.list_devices()
print(f"Keras {keras.__version__} on {keras.backend.backend()}; devices: {', '.join(devices)}")
print("tier:", "full" if FULL else "quick")

# %% [markdown]
# **Tiers.** Every chapter runs in two tiers. *Quick* is the default. It uses small networks, and
# data that is drawn on the spot or comes with a package; a chapter takes from seconds to a few
# minutes on two cores. The outputs stored in the notebooks are those of the quick tier. *Full*
# (`KERASVAE_TIER=full`, or `make tutorials TIER=full`) takes larger data and more seeds, and needs
# a GPU. Claims are asserted in both tiers: if a cell with `assert` passes, what it asserts is true
# on your machine too.
#
# **Devices.** You need not set anything: if the backend finds a GPU, it is used, and the line above
# lists it. (`pip install -e ".[gpu]"` installs what an NVIDIA GPU needs.)
#
# **How to read.** Before each experiment you will find the word **Predict**. Write your guess down,
# then run the cell. The exercises at the end go from easy to open.

# %% [markdown]
# ## What it looks like
#
# Most of the field's numbers are measured on the data set dSprites: all 737,280 combinations of
# five *factors*. The package draws the images; nothing is downloaded. Here are eight of them.

# %%
sprites = kv.data.load("dsprites")
examples, factors = sprites.sample(8, seed=4)
figure, panels = plt.subplots(1, 8, figsize=(8.2, 1.2))
for panel, image in zip(panels, examples):
    panel.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
    panel.axis("off")
print("factors:", ", ".join(sprites.factor_names))

# %% [markdown]
# Three models that ship with the package were trained on these images. None of them has ever seen a
# factor. We encode a sprite, move one latent dimension at a time, and decode: a *traversal*. Of
# each model you see the dimensions that tell most about four of the factors.
#
# **Predict.** Each model has ten dimensions for five factors. In which of the three does every row
# change one thing and nothing else?

# %%
NAMES = ["vae-dsprites", "beta-vae-dsprites", "factor-vae-dsprites"]
display(kv.zoo.traversals(NAMES, columns=4))

# %%
place = [sprites.factor_names.index(factor) for factor in ("x", "y")]
shares = {  # of what there is to know about x, and about y: what the best single dimension knows
    name: np.array(kv.zoo.card(name)["information"]["matrix"])[:, place].max(axis=0)
    for name in NAMES
}
print({name: share.round(2).tolist() for name, share in shares.items()})
vae, beta_vae, factor_vae = (shares[name].min() for name in NAMES)
assert factor_vae > beta_vae + 0.1 and beta_vae > vae + 0.1

# %% [markdown]
# The VAE draws the sharpest sprites, but nearly every row of it moves the sprite and gives it
# another form at once. The beta-VAE has a row for left and right and one for the size; its third
# row moves the sprite down and a little sideways. In FactorVAE one row moves it from left to right,
# one up and down, one resizes it, and one turns it. The numbers say the same: they are the shares
# of the horizontal and of the vertical position that the best single dimension knows.
# `kerasvae explore factor-vae-dsprites` opens FactorVAE with sliders, and `kerasvae zoo` lists what
# ships and how it was trained. Why the three differ is the subject of this course.
#
# ## The question
#
# A variational autoencoder (VAE) has an encoder, which turns an image $x$ into a Gaussian
# $q(z\mid x)$ over codes, and a decoder, which turns a code $z$ into an image. It is trained on two
# terms: how badly the image is reconstructed, and how far $q(z\mid x)$ is from a fixed prior
# $p(z)$, measured by the Kullback-Leibler (KL) divergence. It is often said that this KL term makes
# the dimensions of $z$ independent. **Does it?** Averaged over all $N$ images the term can be cut,
# exactly, into three pieces, and only one of them is about independence:
#
# $$\underbrace{\mathbb{E}_x\,\mathrm{KL}(q(z\mid x)\,\|\,p(z))}_{\texttt{kl}}
# = \underbrace{I(x;z)}_{\texttt{mutual\_information}}
# + \underbrace{\mathrm{KL}\Big(q(z)\,\Big\|\,\prod_j q(z_j)\Big)}_{\texttt{total\_correlation}}
# + \underbrace{\sum_j \mathrm{KL}(q(z_j)\,\|\,p(z_j))}_{\texttt{dimension\_wise\_kl}} .$$
#
# Here $q(z)=\frac1N\sum_n q(z\mid x_n)$ is the cloud of all codes. The last two pieces together are
# $\mathrm{KL}(q(z)\,\|\,p(z))$, the *marginal* KL. The first piece is what the code knows about the
# image: the thing we want to keep.
#
# **Predict.** We train a VAE for a few seconds and cut its KL. Which of the three pieces will be
# the largest? What share of the KL is about independence?

# %%
images = kv.data.load("dsprites-mini" if FULL else "digits")
model = kv.VAE(images.image_shape, latent_dim=6, architecture="mlp", seed=0)
model.compile(keras.optimizers.Adam(1e-3))
model.fit(images, batch_size=64, epochs=100 if FULL else 15, verbose=0)
result = kv.surgery.decompose(model, images, samples=10_000 if FULL else 2_000)
print(result)

# %%
pieces = result.mutual_information, result.total_correlation, result.dimension_wise_kl
assert np.isclose(sum(pieces), result.kl), "the three pieces are the whole"
assert result.mutual_information > 0.5 * result.kl, "most of the KL is information"

# %% [markdown]
# Most of the KL is information about the image; total correlation is a small part of it. So a
# weight on the whole KL, as in the beta-VAE, presses hardest on what we want to keep. This is the
# thread of the course: every model below is an attempt to press somewhere else.
#
# ## The map

# %%
PLACES = {  # left and middle of a box; the models that push on this piece
    "kl": (0.00, 0.62, "VAE, AnnealedVAE\nBetaVAE (beta)"),
    "mutual_information": (0.37, 0.88, "BetaTCVAE (alpha), InfoVAE\nInfoGAN (raises a bound)"),
    "marginal_kl": (0.37, 0.30, "MarginalKLVAE\nInfoVAE (MMD), DIPVAE (moments)\nAdversarialAutoencoder"),
    "total_correlation": (0.74, 0.62, "BetaTCVAE (beta)\nFactorVAE (gamma)"),
    "dimension_wise_kl": (0.74, 0.08, "BetaTCVAE (gamma)"),
}
ARROWS = [
    ("kl", "mutual_information"),
    ("kl", "marginal_kl"),
    ("marginal_kl", "total_correlation"),
    ("marginal_kl", "dimension_wise_kl"),
]

# %%
figure, panel = plt.subplots(figsize=(8.2, 4.2))
for start, end in ARROWS:
    (x0, y0, _), (x1, y1, _) = PLACES[start], PLACES[end]
    arrow = {"arrowstyle": "-|>", "color": "0.4"}
    panel.annotate("", (x1 - 0.01, y1), (x0 + 0.22, y0), arrowprops=arrow)
for term, (x, y, models) in PLACES.items():
    text = f"{term.replace('_', ' ')}\n{getattr(result, term):.2f} nats"
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": kv.plotting.COLOURS[0]}
    panel.text(x + 0.13, y, text, ha="center", va="center", weight="bold", bbox=box)
    panel.text(x + 0.13, y - 0.1, models, ha="center", va="top", fontsize=9)
panel.set(xlim=(-0.02, 1.02), ylim=(-0.12, 1.0))
panel.axis("off");

# %% [markdown]
# From left to right the KL is cut into its pieces. The numbers are those of the little VAE above,
# and the pieces of a box add up to its number. Below each piece stand the models that push on it;
# in brackets, the weight or the means that they push with. Read it as a table of contents:
#
# | chapter | models | pushes on |
# |---|---|---|
# | [1 The ELBO](01_elbo.ipynb) | [`VAE`](../kerasvae/models/vae.py) | the whole KL, weight 1 |
# | [2 The beta-VAE](02_beta_vae.ipynb) | [`BetaVAE`](../kerasvae/models/beta_vae.py), [`AnnealedVAE`](../kerasvae/models/annealed_vae.py) | the whole KL, any weight; its size |
# | [3 ELBO surgery](03_elbo_surgery.ipynb) | [`surgery`](../kerasvae/surgery/decompose.py) | nothing: it measures |
# | [4 Estimating q(z)](04_estimating_q_of_z.ipynb) | [`estimators`](../kerasvae/estimators/aggregate_posterior.py) | nothing: what a batch can know |
# | [5 The marginal KL](05_marginal_kl.ipynb) | [`MarginalKLVAE`](../kerasvae/models/marginal_kl_vae.py), [`DIPVAE`](../kerasvae/models/dip_vae.py), [`InfoVAE`](../kerasvae/models/info_vae.py) | the marginal KL |
# | [6 Total correlation](06_total_correlation.ipynb) | [`BetaTCVAE`](../kerasvae/models/beta_tcvae.py) | each piece by its own weight |
# | [7 FactorVAE](07_factor_vae.ipynb) | [`FactorVAE`](../kerasvae/models/factor_vae.py) | total correlation, by a discriminator |
# | [8 The adversarial autoencoder](08_adversarial_autoencoder.ipynb) | [`AdversarialAutoencoder`](../kerasvae/models/adversarial_autoencoder.py) | the marginal KL alone, to any prior |
# | [9 InfoGAN](09_infogan.ipynb) | [`InfoGAN`](../kerasvae/models/info_gan.py) | a bound on the information, upwards |
# | [10 Measuring disentanglement](10_measuring_disentanglement.ipynb) | [`metrics`](../kerasvae/metrics/__init__.py) | nothing: what the scores say |
# | [10b Trusting scores](10b_trusting_scores.ipynb) | [`metrics`](../kerasvae/metrics/__init__.py) | nothing: how far a score can be trusted |
# | [11 All objectives](11_all_objectives.ipynb) | all of them | which differences are real |
# | [12 Impossible without assumptions](12_impossible_without_assumptions.ipynb) | any of them | nothing: why no objective can be enough |
# | [13 What a pair gives away](13_what_a_pair_gives_away.ipynb) | [`AdaGVAE`](../kerasvae/models/ada_gvae.py), [`GVAE`](../kerasvae/models/gvae.py) | the KL, for pairs that share factors |
# | [14 Is it useful?](14_is_it_useful.ipynb) | [`metrics`](../kerasvae/metrics/__init__.py) | nothing: what a code is good for |
#
# [Problem sets](assignments/README.md) go with the chapters, for a class or for yourself.
#
# ## One notation
#
# All terms are in nats per image (1 nat is 1.44 bits), and have one name in formulas, training
# curves, files and figures.
#
# | symbol | in words | in the code | chapter |
# |---|---|---|---|
# | $x$ | an image, pixels in [0, 1] | `images` (n, H, W, C) | 1 |
# | $z$, $z_j$ | a code, its $j$-th dimension | `z` (batch, D) | 1 |
# | $N$, $B$, $D$ | images in the set, in a batch; dimensions of the code | `dataset_size`, `batch_size`, `latent_dim` | 1, 4 |
# | $p(z)$ | the prior, $\mathcal N(0, I)$ | `model.prior` | 1 |
# | $q(z\mid x)$ | the posterior, a Gaussian for each image | `model.encode(x)`: `loc`, `scale` | 1 |
# | $p(x\mid z)$ | the likelihood of the pixels | `model.decode(z)`: logits | 1 |
# | $-\mathbb E\log p(x\mid z)$ | how badly the image is reconstructed | `reconstruction` | 1 |
# | $\mathrm{KL}(q(z\mid x)\Vert p(z))$ | what the code costs | `kl` | 1 |
# | $\beta$, $\gamma$, $\alpha$, $\lambda$ | weights; each class says which term they weigh | `beta`, `gamma`, `alpha`, `lambda_od`, ... | 2 |
# | $C$ | the capacity: the value that the KL is pulled to | `capacity` | 2 |
# | $q(z)$ | the aggregate posterior, the cloud of all codes | `AggregatePosterior` | 3 |
# | $I(x;z)$ | index-code mutual information, at most $\log N$ | `mutual_information` | 3 |
# | $\mathrm{KL}(q(z)\Vert p(z))$ | the cloud against the prior | `marginal_kl` | 3, 5 |
# | $\mathrm{KL}(q(z)\Vert\prod_j q(z_j))$ | how dependent the dimensions are | `total_correlation` | 3, 6, 7 |
# | $\sum_j\mathrm{KL}(q(z_j)\Vert p(z_j))$ | each dimension against its prior | `dimension_wise_kl` | 3 |
# | MWS, MSS | estimates of $\log q(z)$ from a batch | `estimator="mws"`, `"mss"` | 4 |
# | MMD | maximum mean discrepancy, a distance between two clouds of points | `mmd` | 5 |
# | $D(z)$ | a discriminator's probability | `discriminator` | 7, 8, 9 |
# | $v_k$, $K$ | a factor that made the image; their number | `factors` (n, K) | 10 |
# | MIG, SAP, DCI, ... | scores of disentanglement | `kerasvae.metrics` | 10 |
#
# ## Limits
#
# The numbers on the map are those of one small VAE, one seed and one data set. That information is
# the largest piece is true of many models; how large the other pieces are differs from case to
# case.
#
# ## Exercises
#
# 1. *Easy.* Train the VAE with `latent_dim=2`. Which pieces get smaller, and why can the total
#    correlation of one dimension only be 0?
# 2. *Easy.* Replace `kv.VAE` by `kv.BetaVAE` with `beta=4`. By what factor does each piece shrink?
# 3. *Harder.* $I(x;z)\le\log N$. Give `fit` and `decompose` only the first 20 images, train for
#    long, and see how near the bound you get. What does the model do to reach it?
# 4. *Open.* Think of data of your own. Which factors would you hope to find in separate dimensions,
#    and how would you notice that a model had found others?
#
# ## References
#
# - Hoffman & Johnson 2016, *ELBO surgery: yet another way to carve up the variational evidence lower
#   bound*.
# - Chen, Li, Grosse & Duvenaud 2018, *Isolating sources of disentanglement in variational
#   autoencoders*, equation 2.
# - Locatello et al. 2019, *Challenging common assumptions in the unsupervised learning of
#   disentangled representations*.
#
# Next: [1. The ELBO](01_elbo.ipynb).

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
# # 2. The beta-VAE
#
# Chapter 1 read the ELBO as a trade: nats of KL are paid, nats of reconstruction are saved. This
# chapter changes the price. After it you can
#
# - explain the weight $\beta$ as the price of a constraint, and predict the exchange rate between
#   the two terms;
# - read from the KL of each dimension which dimensions a model uses, and see them fall silent one
#   by one as $\beta$ grows;
# - read a traversal figure, and order its rows so that it shows what matters first;
# - recognise posterior collapse by its numbers, and try the simplest remedy, a warm-up of $\beta$.

# %%
import math
import os

import keras
import numpy as np
from keras import layers
from matplotlib import pyplot as plt
from sklearn.neighbors import KNeighborsRegressor

import kerasvae as kv

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
keras.utils.set_random_seed(0)
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# A code of ten numbers can describe a sprite in many ways. Which one do we want? Higgins et al.
# (2017) ask for a description that is *cheap*: as close to the prior as a given quality of
# reconstruction allows. **What does a model leave out first when saying becomes dear, and what
# does it keep?**
#
# ## The formula
#
# Let $x$ be an image, $z$ its code of $D$ numbers with the standard Gaussian prior $p(z)$,
# $q(z\mid x)$ the encoder's Gaussian and $p(x\mid z)$ the decoder's distribution over images. Limit
# the KL, averaged over the images, to $\epsilon$ nats:
#
# $$\max\ \mathbb{E}_x\,\mathbb{E}_{q(z\mid x)}\left[\log p(x\mid z)\right]
# \quad\text{subject to}\quad
# \mathbb{E}_x\,\mathrm{KL}\left(q(z\mid x)\,\|\,p(z)\right) \le \epsilon .$$
#
# As always with a constraint, one introduces a price $\beta \ge 0$ for exceeding it (a Lagrange
# multiplier; Karush, Kuhn and Tucker made it rigorous), and minimises
#
# $$\texttt{reconstruction} + \beta\ \texttt{kl} .$$
#
# Both terms are those of chapter 1, in nats per image. $\beta = 1$ is the VAE. With $\beta > 1$ the
# sum is no longer the negative ELBO, and the ELBO gets worse: that is the price of aiming at
# something else. The whole class is [`beta_vae.py`](../kerasvae/models/beta_vae.py); its objective
# is one line.
#
# ### What the price predicts
#
# Suppose two models are the best possible for $\beta_1 < \beta_2$, with reconstruction terms
# $R_1, R_2$ and KL terms $K_1, K_2$. Neither would gain by becoming the other:
#
# $$R_1 + \beta_1 K_1 \le R_2 + \beta_1 K_2, \qquad R_2 + \beta_2 K_2 \le R_1 + \beta_2 K_1
# \qquad\Longrightarrow\qquad
# \beta_1 \;\le\; \frac{R_2 - R_1}{K_1 - K_2} \;\le\; \beta_2 .$$
#
# So $\beta$ has a meaning that can be measured. It is an exchange rate: nats of reconstruction for
# one nat of KL.

# %% [markdown]
# ## The models
#
# In the quick tier the images are 2,048 [discs](../kerasvae/data/discs.py) with three factors, the
# place (x, y) and the radius, which a small network learns to draw in seconds. In the full tier
# they are the whole grid of sprites. We train at three prices, twice each from different seeds,
# because one run proves little.


# %%
# NBVAL_CHECK_OUTPUT
data = kv.data.load("dsprites" if FULL else "discs")
D, SEEDS, BETAS = 10, (0, 1), (1, 4, 16 if FULL else 32)
x, factors = data.sample(2000, seed=1)  # to measure on
SIZE = "scale" if FULL else "radius"
print(data.factor_names)


# %%
def networks(image_shape, width=256):
    """The small networks of chapter 1."""
    encoder = keras.Sequential([keras.Input(image_shape), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((D,))])
    for _ in range(2):
        encoder.add(layers.Dense(width, activation="relu"))
        decoder.add(layers.Dense(width, activation="tanh"))
    encoder.add(layers.Dense(2 * D))
    decoder.add(layers.Dense(math.prod(image_shape)))
    decoder.add(layers.Reshape(image_shape))
    return {"encoder": encoder, "decoder": decoder}


# %%
def built(data, beta, seed, learning_rate=2e-3, small=True, **options):
    keras.utils.set_random_seed(seed)
    options |= networks(data.image_shape) if small else {"architecture": "burgess"}
    model = kv.BetaVAE(data.image_shape, latent_dim=D, beta=beta, seed=seed, **options)
    model.compile(keras.optimizers.Adam(learning_rate))
    return model


def train(models, data, epochs):
    kv.training.fit_population(models, data, batch_size=128, epochs=epochs)
    return models


# %% [markdown]
# **Predict.** From $\beta = 1$ to $4$ to $32$: how does each term move? Between which numbers will
# the exchange rate lie from the first price to the second, and from the second to the third?

# %%
how = {"learning_rate": 5e-4, "small": False} if FULL else {}
models = {(beta, seed): built(data, beta, seed, **how) for beta in BETAS for seed in SEEDS}
train(list(models.values()), data, epochs=2 if FULL else 40)
terms = {key: m.evaluate(x, return_dict=True, verbose=0) for key, m in models.items()}

# %%
slack = 1.4  # the inequality holds for the best models, and training stops a little before
for seed in SEEDS:
    R = [terms[beta, seed]["reconstruction"] for beta in BETAS]
    K = [terms[beta, seed]["kl"] for beta in BETAS]
    assert R[0] + 2 < R[1] and R[1] + 15 < R[2]
    assert K[0] > K[1] + 1 and K[1] > K[2] + 1
    rates = -np.diff(R) / np.diff(K)
    assert 1 / slack < rates[0] < 4 * slack and 4 / slack < rates[1] < BETAS[2] * slack
    assert rates[1] > 2 * rates[0]
    print(f"seed {seed}: a nat of KL costs {rates[0]:.1f}, then {rates[1]:.1f} nats")

# %%
figure, axis = plt.subplots(figsize=(5, 3))
for seed, look in zip(SEEDS, ("-", "--"), strict=True):
    R = [terms[beta, seed]["reconstruction"] for beta in BETAS]
    K = [terms[beta, seed]["kl"] for beta in BETAS]
    axis.plot(K, R, linestyle=look, label=f"seed {seed}")
for k, r, beta in zip(K, R, BETAS, strict=True):
    axis.annotate(rf"$\beta = {beta}$", (k, r), xytext=(8, 8), textcoords="offset points")
axis.set(xlabel="kl (nats per image)", ylabel="reconstruction (nats per image)")
axis.set(xlim=(0, None), ylim=(0, None))
axis.margins(0.15)
axis.legend()
plt.show()

# %% [markdown]
# Each step up in price moves every run left (less said) and up (worse pictures), and the slope
# between neighbours lies between their two prices, as the inequality demands. The curve is steep on
# the left: the first nats of a code are worth the most.
#
# ## Which dimensions fall silent
#
# The KL is a sum over dimensions, and [`per_dimension_kl`](../kerasvae/divergences.py) keeps them
# apart. Where $q(z_j\mid x)$ is the prior for every image, dimension $j$ says nothing and its KL
# is 0. We call it *active* if its KL, averaged over images, is above 0.1 nats.
#
# **Predict.** A disc has three factors: x, y and radius. How many of the ten dimensions will be
# active at each price? When $\beta$ rises, do all dimensions shrink alike, or do
# some vanish while others stay?


# %%
def kl_by_dimension(model, images):
    return np.mean(kv.divergences.per_dimension_kl(model.encode(images)), axis=0)  # (D,)


silent = {}
for key, model in models.items():
    nats = kl_by_dimension(model, x)
    assert abs(nats.sum() - terms[key]["kl"]) < 1e-2
    silent[key] = int(np.sum(nats < 0.1))
for seed in SEEDS:
    counts = [silent[beta, seed] for beta in BETAS]
    assert counts[0] <= counts[1] <= counts[2] and counts[0] < counts[2]
    print(f"seed {seed}: active dimensions", [D - count for count in counts])

# %%
figure, panels = plt.subplots(1, 3, figsize=(7, 2.3), sharey=True)
for panel, beta, colour in zip(panels, BETAS, kv.plotting.COLOURS, strict=False):
    nats = np.sort(kl_by_dimension(models[beta, 0], x))[::-1]
    panel.bar(range(1, D + 1), nats, color=colour)
    panel.set(title=rf"$\beta = {beta}$", xlabel="dimensions, by KL", xticks=[1, 5, 10])
panels[0].set_ylabel("kl (nats per image)")
plt.show()

# %% [markdown]
# Dear nats do not make all dimensions quieter: they switch some of them off, and leave the others
# loud. With ten dimensions on offer, the VAE leaves about half of them silent already, and at
# $\beta = 32$ two are left.
#
# ## What is kept
#
# **Predict.** Which two of the three factors are worth the most pixels, and survive unharmed at
# $\beta = 32$?
#
# As a measure we predict each factor from the code, as the mean over the five images with the
# nearest codes. $R^2$ is the share of the factor's variance that the prediction explains: 1 is all,
# 0 is nothing. (Shape has no order and orientation is circular, so we leave those two out.)


# %%
def explained(model):
    codes, half = np.asarray(model.encode(x)["loc"]), len(x) // 2
    nearest = KNeighborsRegressor(5).fit(codes[:half], factors[:half])
    wrong = np.mean((nearest.predict(codes[half:]) - factors[half:]) ** 2, axis=0)
    r2 = 1 - wrong / np.var(factors[half:], axis=0)
    return dict(zip(data.factor_names, r2, strict=True))


r2 = {key: explained(model) for key, model in models.items()}
for beta in BETAS:
    share = {name: np.mean([r2[beta, s][name] for s in SEEDS]) for name in (SIZE, "x", "y")}
    print(f"beta {beta:2}:", {name: f"{100 * value:.0f} %" for name, value in share.items()})
    assert min(share["x"], share["y"]) > 0.9
assert all(r2[BETAS[2], s][SIZE] < r2[1, s][SIZE] - 0.1 for s in SEEDS) or FULL

# %% [markdown]
# Place is kept to the end; size fades, though the two dimensions that are left still tell some of
# it. Drawing a disc in the wrong place costs all of its pixels twice, once where it is and once
# where it should be. Drawing it a little too small costs only its rim. The model has no idea what
# we call a factor. It ranks by nats.
#
# ## Traversals
#
# To see what a dimension does, take the code of an image, move one dimension, hold the others
# still, and decode: [`traverse`](../kerasvae/models/views.py). Order the rows by KL, or the eye
# goes to whatever happens to be on top.
#
# **Predict.** What will the first rows of the model with $\beta = 4$ do? And the last?

# %%
model = models[4, 0]
nats = kl_by_dimension(model, x)
order = np.argsort(nats)[::-1][[0, 1, 2, 3, 4, D - 1]]  # most KL first, and the very last
values = np.linspace(-2, 2, 9)
images = model.traverse(model.embed(x[:1])[0], values, dimensions=order)
change = np.abs(images[:, -1] - images[:, 0]).sum(axis=(1, 2, 3))  # pixels, end to end
assert change[0] > 20 * change[-1]
labels = [f"$z_{{{j}}}$, {nats[j]:.2f} nats" for j in order]
kv.plotting.traversals(images, values, labels)

# %% [markdown]
# The active rows move the disc, resize it, or both; none of them changes one factor alone. The
# others do nothing, as their 0.00 nats promised. So the code is cheap, and not yet what one would
# call disentangled: nothing in the objective asks that a dimension mean one thing.
#
# ## The same at full scale
#
# Two models that ship with the package were trained on all 737,280 sprites, 64x64, with the paper's
# network: a VAE and a beta-VAE with $\beta = 4$. Here are the dimensions that each of them uses.
#
# **Predict.** A sprite has five factors: shape, scale, orientation, x and y. How many of ten
# dimensions does each model use? Which of the two draws the sharper sprites?

# %%
PAIR = ["vae-dsprites", "beta-vae-dsprites"]
kv.zoo.traversals(PAIR, rows="kl")

# %%
nats = {name: kv.zoo.card(name)["evaluation"]["per_dimension_kl"] for name in PAIR}
active = [int(np.sum(np.array(nats[name]) > 0.1)) for name in PAIR]
assert sum(nats[PAIR[0]]) > sum(nats[PAIR[1]]) + 3 and active[0] >= active[1]
print("active dimensions:", active, " kl:", [round(sum(nats[name]), 1) for name in PAIR])

# %% [markdown]
# The beta-VAE says less and says it in order: the size has a row of its own, and so has left and
# right. Up and down is less pure: the row that moves the sprite down also moves it sideways a
# little. The price stands in the titles: the VAE draws hearts, squares and ellipses, the beta-VAE
# mostly blobs. That its rows are nearly upright is not what its objective asks for: no weight on
# the whole KL penalises a turn of the two positions into diagonals. Chapter 6 shows why, and which
# term does; chapter 12 shows why axes are often upright all the same.
#
# ## Posterior collapse
#
# A silent dimension is not a fault: a code may have more dimensions than it needs. But the whole
# code can fall silent. Then $q(z\mid x)$ is the prior for every image, and the decoder, however
# good, draws one and the same average. The grey digits of chapter 1 are a good place to see it: one
# nat about a digit saves only about two on its pixels.
#
# **Predict.** What happens to a beta-VAE on digits at $\beta = 4$? Which number will its
# reconstruction term be near? (Chapter 1 computed it, without any training.)

# %%
digits = kv.data.load("digits")
digit_images = digits.images(range(len(digits)))
white = np.clip(digit_images.mean(axis=0, dtype="float64"), 1e-9, 1 - 1e-9)
no_code = -np.sum(white * np.log(white) + (1 - white) * np.log(1 - white))

DIGIT_EPOCHS = 160 if FULL else 40
(collapsed,) = train([built(digits, 4, seed=0)], digits, DIGIT_EPOCHS)
end = collapsed.evaluate(digit_images, return_dict=True, verbose=0)
assert end["kl"] < 0.05
assert abs(end["reconstruction"] - no_code) < 0.5
print(f"no code {no_code:.1f}, collapsed {end['reconstruction']:.1f} nats per image")

# %%
# NBVAL_CHECK_OUTPUT
print("active dimensions:", int(np.sum(kl_by_dimension(collapsed, digit_images) > 0.1)))

# %% [markdown]
# The trained network has become the model without a code. Nothing in the loss curve warns of it:
# the loss falls and settles. The KL of each dimension does.
#
# ### A warm-up
#
# Sometimes collapse is the best that can be had at this price. Sometimes it is an accident of the
# start: a fresh decoder has no use for the code, so every nat is wasted, and the price has driven
# the code to silence before the decoder learns to listen. The simplest remedy is to let the weight
# grow from 0 to $\beta$ over the first steps (Sonderby et al. 2016), `warmup_steps=` in kerasvae.
#
# **Predict.** At $\beta = 2.5$ on digits, train with the full price from the start, and with a
# warm-up of 400 of the 600 steps. Both end at the same full price. Will they end in the same place?

# %%
runs = {}
for warmup_steps in (0, 400):
    started = [built(digits, 2.5, seed, warmup_steps=warmup_steps) for seed in SEEDS]
    for seed, model in zip(SEEDS, train(started, digits, DIGIT_EPOCHS), strict=True):
        runs[warmup_steps, seed] = model.history.history
for seed in SEEDS:
    cold, warm = runs[0, seed], runs[400, seed]
    assert warm["kl"][-1] > 1.25 * cold["kl"][-1]
    full_price = [h["reconstruction"][-1] + 2.5 * h["kl"][-1] for h in (cold, warm)]
    print(f"seed {seed}: loss {full_price[0]:.2f} without, {full_price[1]:.2f} with warm-up")

# %%
figure, axis = plt.subplots(figsize=(6, 2.8))
looks = zip(kv.plotting.COLOURS[:2], kv.plotting.MARKERS[:2], strict=True)
for warmup_steps, (colour, marker) in zip((0, 400), looks, strict=True):
    for seed, line in zip(SEEDS, ("-", "--"), strict=True):
        name = f"{'with' if warmup_steps else 'no'} warm-up, seed {seed}"
        look = {"linestyle": line, "color": colour, "marker": marker, "markevery": 4}
        axis.semilogy(
            range(1, DIGIT_EPOCHS + 1), runs[warmup_steps, seed]["kl"], label=name, **look
        )
axis.axvline(400 / 15, color="black", linestyle=":", marker="", label="warm-up ends")
axis.set(xlabel="epoch (15 steps)", ylabel="kl (nats per image)")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# At full price from the start, the KL falls to nearly nothing within seven passes and recovers
# slowly. With a warm-up it is large while it is cheap, comes down as the price rises, and ends
# three to four times as high (after four times as many passes, as in the full tier, the gap is
# narrower). But look at the losses above the figure: they differ by a fifth of a nat at most. At
# this price a code is barely worth having, both ends are about equally good, and the start decides
# between them. A warm-up is a push, not a cure: where $\beta$ is too high for the data, the code
# collapses all the same, only later.
#
# ## What you know now, and what it does not say
#
# $\beta$ is the exchange rate between nats of KL and nats of reconstruction. Raising it switches
# dimensions off, the ones whose nats save the fewest pixels first.
#
# - A value of $\beta$ means little without the data and the likelihood. $\beta = 4$ keeps discs
#   in place and collapses digits, as a nat buys many pixels there and few here.
# - $\beta$ presses on the *whole* KL. Part of that is information about the image, which one may
#   want to keep. Chapter 3 takes the KL apart, and later models press on one part.
# - Nothing here measures disentanglement. It depends on the data, and on the seed as much as on
#   $\beta$ (Locatello et al. 2019); scores have a chapter of their own (10).
# - Two seeds show that an effect is not one run's luck. They do not give an error bar.
#
# ## Exercises
#
# 1. *(easy)* Draw the traversals for $\beta = 1$ and $\beta = 32$. What can each no longer draw?
# 2. *(easy)* Plot `model.sample(16)` for each $\beta$. At which one do samples look most like
#    discs? Does the ELBO agree?
# 3. *(medium)* Write the inequality for the exchange rate without looking, then add $\beta = 2$ and
#    $8$ and check all neighbours. Where does it fail, and is the training or the theory to blame?
# 4. *(medium)* Repeat the warm-up with $\beta = 2$ and $3$, with three seeds. For which prices does
#    the start decide, and for which does it not?
# 5. *(hard)* Discs in the wrong place cost twice their pixels. Use this to estimate, on paper,
#    how many nats the first nat about position saves; then find the $\beta$ at which position
#    collapses.
# 6. *(hard)* The posterior is a Gaussian with independent dimensions. Rotate the two active codes
#    of $\beta = 32$ by 45 degrees: what happens to the KL, and what does the encoder prefer?
#    (Rolinek et al. 2019 explain why.)
# 7. *(open)* $\beta$ sets the price and leaves the amount open. Build a model that sets the amount,
#    $\epsilon$ nats, and finds the price. (One answer is Burgess et al. 2018, in
#    [`annealed_vae.py`](../kerasvae/models/annealed_vae.py).)
#
# ## References
#
# - I. Higgins et al. (2017). beta-VAE: Learning basic visual concepts with a constrained
#   variational framework. ICLR. Equations 2 to 4.
# - C. P. Burgess et al. (2018). Understanding disentangling in beta-VAE. arXiv:1804.03599.
# - C. K. Sonderby et al. (2016). Ladder variational autoencoders. NeurIPS. Warm-up: section 2.3.
# - A. A. Alemi et al. (2018). Fixing a broken ELBO. ICML. The plane of KL and reconstruction.
# - F. Locatello et al. (2019). Challenging common assumptions in the unsupervised learning of
#   disentangled representations. ICML.
# - M. Rolinek, D. Zietlow, G. Martius (2019). Variational autoencoders pursue PCA directions (by
#   accident). CVPR.
#
# Before: [1. The ELBO](01_elbo.ipynb). Next: [3. ELBO surgery](03_elbo_surgery.ipynb).

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
# # 1. The ELBO
#
# A variational autoencoder learns to draw images and to describe them, and it learns both from
# one number, the evidence lower bound (ELBO). After this chapter you can
#
# - write the two terms of the ELBO in a few lines, and check them against another program;
# - say in which unit they are measured, and what value means "nothing learnt yet";
# - tell an analytic KL term from a sampled one, and predict how much the sampled one scatters;
# - explain what is bought when a model pays KL, and when it is not worth the price;
# - train the same model with kerasvae, on handwritten digits and on sprites.
#
# You need to know some Keras, and what a Gaussian is. Each experiment begins with a question,
# marked **Predict**: write down your guess before you run the cell. Being wrong on paper is how the
# idea sticks.

# %%
import math
import os

import keras
import numpy as np
from keras import layers, ops
from matplotlib import pyplot as plt

import kerasvae as kv
from kerasvae.distributions import tfd

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
keras.utils.set_random_seed(0)
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# Let $x$ be an image. We imagine that it came about in two stages. First a code $z$ of $D$
# numbers is drawn from the *prior* $p(z)$, a standard Gaussian. Then a *decoder* turns the code
# into a distribution over images, $p(x\mid z)$. The probability of the image is
#
# $$p(x) = \int p(x\mid z)\, p(z)\, dz .$$
#
# We would like to choose the decoder such that real images are probable. But the integral runs
# over all codes, and almost all of them have nothing to do with $x$. **How can we make $p(x)$
# large if we cannot compute it?**
#
# ## The formula
#
# Let a second network, the *encoder*, look at $x$ and propose codes: it returns the mean and the
# standard deviation of a Gaussian $q(z\mid x)$. Then, for any $q$,
#
# $$\log p(x) = \underbrace{\mathbb{E}_{q(z\mid x)}\!\left[\log p(x\mid z)\right] -
# \mathrm{KL}\!\left(q(z\mid x)\,\|\,p(z)\right)}_{\mathrm{ELBO}(x)}
# + \underbrace{\mathrm{KL}\!\left(q(z\mid x)\,\|\,p(z\mid x)\right)}_{\ge 0}.$$
#
# (Write $p(x) = p(x\mid z)\,p(z)/p(z\mid x)$, take the logarithm, add and subtract
# $\log q(z\mid x)$, and average over $q$.) A KL divergence is never negative, so the ELBO is a
# lower bound of $\log p(x)$. Both of its terms can be computed. Training *minimises* its
# negative, and this is how kerasvae names the two terms, in every metric, file and figure:
#
# $$-\mathrm{ELBO}(x) =
# \underbrace{-\mathbb{E}_{q(z\mid x)}\log p(x\mid z)}_{\texttt{reconstruction}}
# + \underbrace{\mathrm{KL}\!\left(q(z\mid x)\,\|\,p(z)\right)}_{\texttt{kl}} .$$
#
# Logarithms are natural, so the unit is the **nat** (1 nat is about 1.44 bits). Each term is
# summed over pixels or over code dimensions, never averaged over them: it is a number of nats
# *per image*.

# %% [markdown]
# ## The data
#
# We use real handwritten digits of 8x8 pixels, which come with scikit-learn. They are small, so
# that experiments take seconds.

# %%
# NBVAL_CHECK_OUTPUT
digits = kv.data.load("digits")
x = digits.images(range(len(digits)))  # (1797, 8, 8, 1), grey levels in [0, 1]
print(digits)
print(x.shape, x.dtype)

# %% [markdown]
# ## From scratch
#
# First two small networks. The encoder returns $2D$ numbers: $D$ means and $D$ log-variances. The
# decoder returns one number per pixel, a *logit*, whose sigmoid is the probability of white.


# %%
def networks(image_shape, latent_dim=10, width=256):
    encoder = keras.Sequential([keras.Input(image_shape), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((latent_dim,))])
    for _ in range(2):
        encoder.add(layers.Dense(width, activation="relu"))
        decoder.add(layers.Dense(width, activation="tanh"))
    encoder.add(layers.Dense(2 * latent_dim))
    decoder.add(layers.Dense(math.prod(image_shape)))
    decoder.add(layers.Reshape(image_shape))
    return encoder, decoder


# %% [markdown]
# Now the two terms. With Bernoulli pixels, $\log p(x\mid z)$ is the cross-entropy, with a minus
# sign; written with the logit $l$ it is $\mathrm{softplus}(l) - x\,l$ for each pixel. The KL
# between a Gaussian with mean $\mu_j$ and standard deviation $\sigma_j$ in dimension $j$, and the
# standard Gaussian, has a closed form:
#
# $$\mathrm{KL} = \sum_{j=1}^{D} \tfrac12\left(\sigma_j^2 + \mu_j^2 - 1\right) - \log \sigma_j .$$


# %%
def split(raw):
    loc, log_variance = ops.split(raw, 2, axis=-1)  # (B, D) each
    return loc, ops.exp(0.5 * log_variance)


def reconstruction_term(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits, axis=(1, 2, 3))  # (B,)


def kl_term(loc, scale):
    return ops.sum(0.5 * (scale**2 + loc**2 - 1) - ops.log(scale), axis=1)  # (B,)


# %% [markdown]
# A code must be *drawn* from $q(z\mid x)$, yet gradients must reach the encoder. The way out is to
# draw noise that does not depend on the encoder, and to shift and stretch it:
# $z = \mu + \sigma\,\varepsilon$ with $\varepsilon$ from a standard Gaussian. This is the whole
# model:


# %%
class ScratchVAE(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.encoder, self.decoder = networks(image_shape)
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x):
        loc, scale = split(self.encoder(x))
        z = loc + scale * keras.random.normal(ops.shape(loc), seed=self.noise)
        return {"loc": loc, "scale": scale, "z": z, "logits": self.decoder(z)}

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        reconstruction = reconstruction_term(x, y_pred["logits"])
        return ops.mean(reconstruction + kl_term(y_pred["loc"], y_pred["scale"]))


# %% [markdown]
# **Predict.** The networks are fresh: their weights are small random numbers. An image has 64
# pixels. About how large is the reconstruction term before any training, in nats? And the KL?

# %%
scratch = ScratchVAE(x.shape[1:])
before = scratch(x)
reconstruction = ops.convert_to_numpy(reconstruction_term(x, before["logits"]))
kl = ops.convert_to_numpy(kl_term(before["loc"], before["scale"]))
assert abs(reconstruction.mean() - 64 * np.log(2)) < 3
assert 0 < kl.mean() < 1
print(f"reconstruction {reconstruction.mean():.1f}, kl {kl.mean():.1f} nats per image")

# %% [markdown]
# A decoder that knows nothing says "one half" for each pixel, and pays $\log 2 = 0.69$ nats for
# each: $64 \log 2 = 44.4$. An encoder that knows nothing proposes the prior, and pays nearly
# nothing. Remember 44; a model that ends near it is broken, not badly tuned.
#
# ### Is it right?
#
# Formulas typed by hand deserve a second opinion. TensorFlow Probability knows both distributions
# and was written by other people, so it makes a good judge.

# %%
q = tfd.Independent(tfd.Normal(before["loc"], before["scale"]), 1)
prior = tfd.Independent(tfd.Normal(ops.zeros(10), ops.ones(10)), 1)
p_x_given_z = tfd.Independent(tfd.Bernoulli(logits=before["logits"]), 3)

np.testing.assert_allclose(kl, tfd.kl_divergence(q, prior), rtol=1e-3, atol=1e-4)
# A tensor: TFP would round an array's grey levels to whole numbers, Bernoulli's own values.
log_p = p_x_given_z.log_prob(ops.convert_to_tensor(x))
np.testing.assert_allclose(reconstruction, -log_p, rtol=1e-4)

# %% [markdown]
# ## With the library
#
# [`kerasvae.VAE`](../kerasvae/models/vae.py) is the same model: its objective is one line, and what
# it shares with other models is in [`autoencoder.py`](../kerasvae/models/autoencoder.py). It offers
# networks by name, and also takes your own. We hand it the two networks from above, and ask for its
# terms on the same codes.

# %%
# NBVAL_CHECK_OUTPUT
same = kv.VAE(x.shape[1:], latent_dim=10, encoder=scratch.encoder, decoder=scratch.decoder)
terms = same.terms(x, before)
np.testing.assert_allclose(terms["reconstruction"], reconstruction, rtol=1e-4)
np.testing.assert_allclose(terms["kl"], kl, rtol=1e-3, atol=1e-4)
np.testing.assert_allclose(same.objective(terms), reconstruction + kl, rtol=1e-4)
print({name: tuple(value.shape) for name, value in terms.items()})

# %% [markdown]
# Image by image, the terms agree.
#
# ## Training
#
# First a yardstick. If the decoder *ignores* $z$, the KL can be 0, and the best it can do is to
# know how often each pixel $i$ is white on average, $m_i$. It then pays the entropy of a coin for
# each pixel, $\sum_i -m_i\log m_i-(1-m_i)\log(1-m_i)$. No training is needed to compute it, and
# a model whose $-\mathrm{ELBO}$ is above it would do better without its code.


# %%
def no_code(images):
    white = np.clip(images.mean(axis=0, dtype="float64"), 1e-9, 1 - 1e-9)
    return -np.sum(white * np.log(white) + (1 - white) * np.log(1 - white))


print(f"without a code: {no_code(x):.1f} nats per image")

# %% [markdown]
# Both models learn by plain `fit`, here with fresh networks for each. kerasvae needs nothing but
# images, and logs each term by its name.
#
# **Predict.** The sum will fall during training. Sketch the course of each term. Does the KL
# fall too, or rise? Is the model better than one without a code from the first pass on?

# %%
fit = {"batch_size": 128, "epochs": 200 if FULL else 40, "verbose": 0}
scratch = ScratchVAE(x.shape[1:])
scratch.compile(keras.optimizers.Adam(2e-3))
scratch_history = scratch.fit(x, **fit).history

encoder, decoder = networks(x.shape[1:])
vae = kv.VAE(x.shape[1:], latent_dim=10, encoder=encoder, decoder=decoder)
vae.compile(keras.optimizers.Adam(2e-3))
history = vae.fit(x, **fit).history

assert abs(history["loss"][-1] - scratch_history["loss"][-1]) < 1.0
assert history["loss"][2] > no_code(x) > history["loss"][-1] + 2.0
assert history["kl"][-1] > min(history["kl"]) + 0.5

# %%
kv.plotting.terms_over_training(history)

# %% [markdown]
# The reconstruction term falls all the way. The KL does not: it starts with about 2 nats that buy
# nothing (for the first passes the sum is worse than without a code), shrinks as the encoder stops
# wasting them, and rises again once the decoder has learnt to make use of what it is told.
#
# ## Two ways to measure the KL
#
# For Gaussians the KL has a closed form. For other distributions there often is none, and one
# averages over draws instead, since $\mathrm{KL} = \mathbb{E}_{q(z\mid x)}[\log q(z\mid x) - \log
# p(z)]$. Both are in [`divergences.py`](../kerasvae/divergences.py). The draw is *unbiased*: its
# mean is the KL. But a single draw scatters. With $z_j=\mu_j+\sigma_j\varepsilon_j$ a short
# calculation gives its variance,
#
# $$\mathrm{Var} = \sum_{j=1}^{D} \mu_j^2\sigma_j^2 + \tfrac12\left(\sigma_j^2-1\right)^2 .$$
#
# **Predict.** The KL of a digit is about 3 nats. A KL is never negative. Can one draw of it be? If
# so, rarely or often?

# %%
S = 2000
codes = vae.encode(x[:200])
q = kv.distributions.posterior(codes)
loc, scale = (ops.convert_to_numpy(codes[name]) for name in ("loc", "scale"))
noise = np.random.default_rng(0).standard_normal((S, *loc.shape))
z = (loc + scale * noise).astype("float32")  # (S, 200, D)
draws = ops.convert_to_numpy(kv.divergences.kl_monte_carlo(q, vae.prior, z))  # (S, 200)
exact = ops.convert_to_numpy(kv.divergences.kl_analytic(q, vae.prior))  # (200,)

batch_means = draws.mean(axis=1)  # S estimates of the KL averaged over the 200 images
standard_error = batch_means.std(ddof=1) / np.sqrt(S)
variance = np.sum(loc**2 * scale**2 + 0.5 * (scale**2 - 1) ** 2, axis=1)  # (200,)
assert abs(batch_means.mean() - exact.mean()) < 4 * standard_error
assert abs(draws.var(axis=0).mean() / variance.mean() - 1) < 0.05
assert 0.005 < np.mean(draws < 0) < 0.2

# %%
image = np.argmin(abs(exact - exact.mean()))  # one with a typical KL
count = np.arange(1, S + 1)
errors = abs(np.cumsum(draws, axis=0) / count[:, None] - exact).mean(axis=1)
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
left.hist(draws[:, image], bins=40, color="0.75", label="one draw")
left.axvline(exact[image], marker="", label="closed form")
left.set(xlabel="KL of one image (nats)", ylabel="draws")
left.legend()
expected = np.sqrt(variance).mean() * np.sqrt(2 / np.pi) / np.sqrt(count)
right.loglog(count, errors, markevery=[0, 9, 99, 999], label="measured")
right.loglog(count, expected, "--", marker="", label="formula")
right.set(xlabel="draws averaged", ylabel="mean error (nats)")
right.legend()
plt.show()
# %% [markdown]
# Left: the draws of one image scatter by more than a nat around the closed form, and some are
# negative. Right: the error of an average shrinks like one over the square root of the number of
# draws, just as the formula says. Training uses one draw for the reconstruction term, for which
# no closed form exists, and the closed form for the KL: less noise, at no cost.
#
# ## What reconstruction and KL trade
#
# Is 3 nats a lot? Two other models give the scale: the one with **no code**, and one with a code at
# a **discount**, which is charged a hundredth of each nat of KL. That is
# [`BetaVAE`](../kerasvae/models/beta_vae.py) with `beta=0.01`; chapter 2 is about this weight.
#
# **Predict.** Order the three models (no code, VAE, discount) by their reconstruction term, by
# their KL, and by $-\mathrm{ELBO}$, the honest sum at full price. Then: which one will draw the
# best digits from codes of the prior?

# %%
encoder, decoder = networks(x.shape[1:])
discount = kv.BetaVAE(x.shape[1:], beta=0.01, encoder=encoder, decoder=decoder)
discount.compile(keras.optimizers.Adam(2e-3))
discount.fit(x, **fit)

results = {"no code": (no_code(x), 0.0)}
for name, model in {"VAE": vae, "discount": discount}.items():
    terms = model.evaluate(x, return_dict=True, verbose=0)
    results[name] = (terms["reconstruction"], terms["kl"])

# %%
# NBVAL_CHECK_OUTPUT
reconstruction, kl = (dict(zip(results, column)) for column in zip(*results.values()))
total = {name: sum(pair) for name, pair in results.items()}
assert reconstruction["discount"] + 2 < reconstruction["VAE"] < reconstruction["no code"] - 4
assert kl["discount"] > kl["VAE"] + 15
assert total["VAE"] < min(total["no code"], total["discount"]) - 1
for title, values in [("reconstruction", reconstruction), ("kl", kl), ("-ELBO", total)]:
    print(f"{title:15}", " < ".join(sorted(values, key=values.get)))

# %%
figure, axis = plt.subplots(figsize=(7, 1.9))
paid = list(reconstruction.values())
axis.barh(list(results), paid, label="reconstruction")
axis.barh(list(results), list(kl.values()), left=paid, label="kl", hatch="///", edgecolor="white")
axis.set(xlabel="$-$ELBO (nats per image)")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
axis.invert_yaxis()
plt.show()

# %% [markdown]
# The VAE spends about 3 nats on its code and saves about twice that on pixels; without a code that
# gain is lost. The discount model reconstructs best of all and still has by far the worst sum: it
# buys ten times as many nats, and most of them save next to nothing.
#
# Now the digits drawn from the prior. As a simple measure, take the distance of each drawn digit
# to the nearest real one (root of the summed squared differences of pixels).

# %%
drawn = {"VAE": vae.sample(1024), "discount": discount.sample(1024)}
distance = {}
for name, images in drawn.items():
    squares = np.sum((images[:, None] - x[None, ::4]) ** 2, axis=(2, 3, 4))  # (1024, 450)
    distance[name] = np.sqrt(squares.min(axis=1)).mean()
assert distance["discount"] > 1.3 * distance["VAE"]

rows = [x[:10], vae.reconstruct(x)[:10], drawn["VAE"][:10]]
rows += [discount.reconstruct(x)[:10], drawn["discount"][:10]]
labels = ["image", "VAE: reconstruction", "VAE: prior", "discount: reconstruction"]
kv.plotting.traversals(np.stack(rows), labels=[*labels, "discount: prior"])

# %% [markdown]
# The VAE's reconstructions are blurred, one or two beyond recognition, and so are the digits it
# draws, but most can be read. The discount model copies almost every stroke, yet what it draws from
# the prior is often no digit at all: its codes live where the prior seldom goes. The KL is what
# makes the prior a good place to draw from.
#
# ## How far below $\log p(x)$?
#
# The ELBO falls short of $\log p(x)$ by $\mathrm{KL}(q(z\mid x)\,\|\,p(z\mid x))$. This can be
# estimated. Average *weights* instead of their logarithms (Burda et al. 2016):
#
# $$\log p(x) \;\ge\; \mathbb{E}\,\log \frac1K\sum_{k=1}^{K} w_k \;\ge\; \mathrm{ELBO}(x),
# \qquad w_k = \frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)},\quad z_k \sim q(z\mid x).$$
#
# The term in the middle grows towards $\log p(x)$ as $K$ grows; for $K=1$ it is the ELBO.
#
# **Predict.** The ELBO of a digit is about $-24$ nats. Is the gap a tenth of a nat, about one, or
# about ten?

# %%
K = 500
logits = vae.decode(z[:K].reshape(-1, 10))
log_p = vae.pixel_distribution(logits).log_prob(ops.tile(x[:200], (K, 1, 1, 1)))
log_w = ops.convert_to_numpy(log_p).reshape(K, 200) - draws[:K]
for k in (1, 5, 50, 500):
    groups = log_w.reshape(K // k, k, 200)
    bound = (np.logaddexp.reduce(groups, axis=1) - np.log(k)).mean()
    print(f"K = {k:3}: {bound:.2f} nats per image")
gap = bound - log_w.mean()
assert 0.05 < gap < 2.0

# %% [markdown]
# Most of the bound is reached; what is missing is the price of a Gaussian $q$ with independent
# dimensions, made by one network for all images. Report the ELBO as what it is: a bound.
#
# ## Sprites
#
# From here on the chapters use [dSprites](../kerasvae/data/dsprites.py): images made from known
# factors, so that one can ask what a code has understood. `dsprites-mini` has 3,072 of them: three
# shapes in four sizes, four orientations and 8x8 places, all at 32x32 pixels.
#
# **Predict.** Naming one image out of $N = 3072$ costs $\log N = 8.03$ nats, if all are equally
# probable. Will the KL of a trained VAE be below, near or far above this?

# %%
name, epochs = ("dsprites", 2) if FULL else ("dsprites-mini", 40)
sprites = kv.data.load(name)
encoder = decoder = None
if not FULL:
    encoder, decoder = networks(sprites.image_shape)
sprite_vae = kv.VAE(sprites.image_shape, architecture="burgess", encoder=encoder, decoder=decoder)
sprite_vae.compile(keras.optimizers.Adam(5e-4 if FULL else 2e-3))
sprite_vae.fit(sprites, batch_size=128, epochs=epochs, verbose=0)

images, _ = sprites.sample(2000, seed=1)
terms = sprite_vae.evaluate(images, return_dict=True, verbose=0)
assert terms["reconstruction"] + terms["kl"] < no_code(images) / 2
assert np.log(len(sprites)) < terms["kl"] < 2.5 * np.log(len(sprites))
print(f"no code {no_code(images):.0f}, then", {k: round(v, 1) for k, v in terms.items()})

# %%
kv.plotting.reconstructions(images[:10], sprite_vae.reconstruct(images[:10]))

# %% [markdown]
# Place and size survive; shape and angle are lost, and every sprite becomes an oval (the network is
# small and has seen each sprite 40 times). Yet the KL is already *above* $\log N$. What a code says
# about which image it belongs to can be no more than $\log N$. The rest is paid because the codes
# of all images together do not spread like the prior. Taking the KL apart along this line is called
# ELBO surgery, and is the subject of chapter 3.
#
# ## What you know now, and what it does not say
#
# The ELBO is `reconstruction + kl` with a minus sign, in nats per image. The KL is the price of
# what the code says; it is worth paying while each nat saves more than a nat on pixels.
#
# - The terms were measured on the training images. A claim about new images needs images held back;
#   see exercise 3.
# - The digits are grey, and the Bernoulli cross-entropy of a grey pixel is not a normalised
#   density: even a perfect reconstruction pays the entropy of every grey pixel. Compare numbers
#   within one data set and likelihood, never across.
# - The standard errors here are over draws of $z$. They say nothing about other seeds of the
#   training.
# - A better ELBO does not promise a more useful code. Chapter 2 makes the ELBO worse on purpose.
#
# ## Exercises
#
# 1. *(easy)* Compute `reconstruction_term(x, logits)` for the perfect guess, `logits = log x -
#    log(1 - x)` with `x` clipped to $[10^{-6}, 1-10^{-6}]$. How much of the VAE's reconstruction
#    term can no code ever remove?
# 2. *(easy)* Set `beta=0` in the discount model. Look at the KL and at the samples. Which standard
#    deviations does the encoder choose?
# 3. *(medium)* Hold back 400 digits with `fit(..., validation_data=...)` and plot the history
#    again. Which of the two terms is worse on new digits, and when does it start?
# 4. *(medium)* Train `ScratchVAE` with a one-draw estimate in place of `kl_term`. Is the loss at
#    the end different? Compare the scatter of the gradient of one weight over 100 draws, both ways.
# 5. *(hard)* The images are grey, so try `likelihood="continuous_bernoulli"` and `"gaussian"`. Why
#    can the loss become negative, and what can still be compared?
# 6. *(open)* Part of the gap to $\log p(x)$ is the encoder's haste, part the Gaussian's shape.
#    Optimise $\mu, \sigma$ of one image directly, with the decoder held still, and tell them apart.
#
# ## References
#
# - D. P. Kingma, M. Welling (2014). Auto-encoding variational Bayes. ICLR. The bound is equation
#   3, the closed-form KL is appendix B.
# - D. J. Rezende, S. Mohamed, D. Wierstra (2014). Stochastic backpropagation and approximate
#   inference in deep generative models. ICML.
# - Y. Burda, R. Grosse, R. Salakhutdinov (2016). Importance weighted autoencoders. ICLR.
# - M. D. Hoffman, M. J. Johnson (2016). ELBO surgery: yet another way to carve up the variational
#   evidence lower bound. NIPS workshop.
# - G. Loaiza-Ganem, J. P. Cunningham (2019). The continuous Bernoulli: fixing a pervasive error in
#   variational autoencoders. NeurIPS.
# - L. Matthey, I. Higgins, D. Hassabis, A. Lerchner (2017). dSprites: disentanglement testing
#   sprites dataset.
#
# Before: [0. Start here](00_start_here.ipynb). Next: [2. The beta-VAE](02_beta_vae.ipynb).

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
# # 8. The adversarial autoencoder: any prior you can draw from
#
# Every model so far paid for the distance between codes and prior by a formula that needs the
# prior's density, its moments, or a kernel. Here a second network does the comparing. After this
# chapter you can
#
# - pull the codes of an autoencoder into any shape that you can draw from: a Gaussian, a star, a
#   spiral;
# - say what the model does *not* control, and measure it: the mutual information, and the fine
#   structure of $q(z)$;
# - judge a discriminator's estimate of a KL, by exact surgery.
#
# You need chapters 3 and 5; chapter 7 introduces the density-ratio trick, which we use again.
# Each experiment begins with a question, marked **Predict**: write down your guess before you
# run the cell.

# %%
import logging
import math
import os

import keras
import numpy as np
from keras import layers, ops
from matplotlib import pyplot as plt

# %%
import kerasvae as kv
from kerasvae import priors

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
SEEDS = range(5 if FULL else 3)
EPOCHS = 200 if FULL else 40
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many models: each is compiled anew
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# $x_1,\dots,x_N$ are images, $z$ is a code of $D$ numbers, $q(z\mid x_n)$ the Gaussian that the
# encoder returns, $q(z)=\frac1N\sum_n q(z\mid x_n)$ the aggregated posterior, $p(z)$ the prior.
# The VAE's price of a code splits as
#
# $$\texttt{kl}=\texttt{mutual\_information}+\texttt{marginal\_kl},\qquad
# \texttt{marginal\_kl}=\mathrm{KL}(q(z)\,\|\,p(z)).$$
#
# To draw new images we only need $q(z)$ to look like $p(z)$: the second term. **Can we train on
# that term alone, for a prior that we know only by its draws, and what happens to the first term
# when nobody pays for it?**
#
# ## The formula
#
# A *discriminator* is a classifier that sees codes of images (class 0) and draws of the prior
# (class 1), equally often, and returns two logits $d_0(z), d_1(z)$. It minimises the usual
# cross-entropy. The best one, for a fixed encoder, has
#
# $$d_0(z)-d_1(z)=\log\frac{q(z)}{p(z)},\qquad\text{so}\qquad
# \mathbb{E}_{q(z)}\big[d_0(z)-d_1(z)\big]=\texttt{marginal\_kl}.$$
#
# The *autoencoder* wants its codes to be taken for draws of the prior. With $D_1(z)$, the
# probability that the discriminator gives to class 1, and a weight $\gamma\ge0$, it minimises
#
# $$\texttt{reconstruction}+\gamma\,\texttt{adversarial},\qquad
# \texttt{adversarial}=-\log D_1(z)=\log\big(1+e^{d_0(z)-d_1(z)}\big).$$
#
# Two losses, two sets of weights, one step of each in turn: a game and no longer the descent of
# one function. When the two kinds of code cannot be told apart, `discriminator_loss` is
# $\log 2=0.69$ and so is `adversarial`. See
# [`AdversarialAutoencoder`](../kerasvae/models/adversarial_autoencoder.py). $\gamma=0$ leaves a
# plain autoencoder (with a noise that it can shrink at will), watched by a discriminator to which
# it does not listen.
#
# **Predict.** The term `marginal_kl` is in the model's log but not in its objective. Which terms do
# you need to rebuild the objective by hand?


# %%
def dense(inputs, outputs, units=128):
    hidden = [layers.Dense(units, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input(inputs), layers.Flatten(), *hidden, layers.Dense(outputs)])


def networks(shape=(8, 8, 1)):
    decoder = dense((2,), math.prod(shape))
    decoder.add(layers.Reshape(shape))
    return {"encoder": dense(shape, 2 * 2), "decoder": decoder}  # D = 2: codes one can look at


# %%
# NBVAL_CHECK_OUTPUT
digits = kv.data.load("digits")
images, labels = digits.images(range(len(digits))), digits.factors(range(len(digits)))[:, 0]
N = len(images)
parts = {**networks(), "discriminator": dense((2,), 2, 256)}
model = kv.AdversarialAutoencoder((8, 8, 1), 2, gamma=5.0, seed=0, **parts)
outputs = model(images[:64])
terms = model.terms(images[:64], outputs)
ratio = model.discriminator(outputs["z"]) @ np.array([[1.0], [-1.0]], "float32")  # d_0 - d_1
by_hand = terms["reconstruction"] + 5.0 * ops.log(1 + ops.exp(ratio[:, 0]))
np.testing.assert_allclose(model.objective(terms), by_hand, rtol=1e-5)
print(digits)
print(list(model.players()), "rebuilt by hand:", True)

# %% [markdown]
# ## A Gaussian prior
#
# The images are 1,797 real handwritten digits of 8x8 pixels; the codes have two dimensions, so
# that we see all there is. We train an autoencoder ($\gamma=0$) and an adversarial one
# ($\gamma=5$) with a Gaussian prior, three seeds each.


# %%
def built(cls, seed, **options):
    keras.utils.set_random_seed(seed)
    model = cls((8, 8, 1), latent_dim=2, seed=seed, **networks(), **options)
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5))
    return model


def trained(models, epochs=EPOCHS):
    kv.training.fit_population(models, images, batch_size=128, epochs=epochs)  # all seeds at once
    return models

# %%
def adversarial(seed, **options):
    options["discriminator"] = dense((2,), 2, 256)
    return built(kv.AdversarialAutoencoder, seed, **options)


def codes(model):
    """A draw of z for each image."""
    q = model.posteriors(images)
    return q["loc"] + q["scale"] * np.random.default_rng(0).standard_normal(q["loc"].shape)


# %%
plain = [adversarial(seed, gamma=0.0) for seed in SEEDS]
gaussian = [adversarial(seed, gamma=5.0, prior="gaussian") for seed in SEEDS]
trained([*plain, *gaussian])

# %% [markdown]
# To compare $q(z)$ with the prior we need a judge that took no part in the training. We take the
# maximum mean discrepancy of chapter 5, with the kernel `"imq"`, which looks at seven length
# scales at once. It is zero, but for chance, when both samples come from the same distribution.
#
# **Predict.** Where are the autoencoder's codes, and how large a cloud do they form? By what
# factor is the adversarial model's MMD smaller?


# %%
def draws(name, n=N, seed=1):
    keras.utils.set_random_seed(seed)
    return ops.convert_to_numpy(getattr(priors, name)(2).sample(n))

# %%
def distance(models, name):
    """MMD between codes and prior, one for each seed."""
    y = draws(name)
    return np.array([float(kv.estimators.mmd(codes(m), y, kernel="imq")) for m in models])


print("autoencoder            ", distance(plain, "gaussian").round(3))
print("adversarial autoencoder", distance(gaussian, "gaussian").round(3))
chance = kv.estimators.mmd(draws("gaussian", seed=2), draws("gaussian"), kernel="imq")
print("two samples of the prior", round(float(chance), 3))
assert (distance(gaussian, "gaussian") < 0.2 * distance(plain, "gaussian")).all()


# %%
def scatter(panel, z, title, limit):
    points = panel.scatter(*z[::2].T, c=labels[::2], s=5, cmap="tab10", vmin=-0.5, vmax=9.5, lw=0)
    panel.set(title=title, xlabel="$z_1$", xlim=(-limit, limit), ylim=(-limit, limit))
    panel.set(aspect="equal")
    return points


figure, panels = plt.subplots(1, 3, figsize=(7.4, 2.7), gridspec_kw={"wspace": 0.1})
panels[0].plot(*draws("gaussian")[::2].T, "k.", markersize=2)
panels[0].set(title="draws of the prior", xlim=(-4, 4), ylim=(-4, 4), aspect="equal")
panels[0].set(xlabel="$z_1$", ylabel="$z_2$")
points = scatter(panels[1], codes(gaussian[0]), "adversarial autoencoder", 4)
scatter(panels[2], codes(plain[0]), "autoencoder (other axes!)", 20)
figure.colorbar(points, ax=panels, ticks=range(10), label="digit", shrink=0.8);
# %% [markdown]
# The autoencoder's codes lie wherever they came to lie, several times as wide as the prior. The
# adversarial ones fill the Gaussian, each class a region of it, and the discriminator never saw a
# density.
#
# ## Any prior you can draw from
#
# Two more priors from [`priors.py`](../kerasvae/priors.py): a mixture of ten Gaussians, set out as
# a star, and a swiss roll. The model needs nothing but their draws; any function that returns a
# `tfd` distribution will do.
#
# **Predict.** There are ten digits and ten arms of the star. Will each digit get its arm?

# %%
# NBVAL_CHECK_OUTPUT
for name, make in priors.BY_NAME.items():
    print(name, tuple(make(2).event_shape), tuple(make(10).event_shape))

# %%
shaped = {
    name: trained([adversarial(seed, gamma=5.0, prior=name) for seed in SEEDS], EPOCHS * 3 // 2)
    for name in ("gaussian_mixture", "swiss_roll")
}
for name, models in shaped.items():
    ours, theirs = distance(models, name), distance(plain, name)
    print(f"{name:17} adversarial {ours.round(3)}, autoencoder {theirs.round(3)}")
    assert (ours < 0.3 * theirs).all()

# %%
figure, panels = plt.subplots(2, 2, figsize=(5.8, 5.2), sharex=True, sharey=True)
for row, (name, models) in zip(panels, shaped.items()):
    row[0].plot(*draws(name)[::2].T, "k.", markersize=2)
    row[0].set(title=f"draws of {name}", ylabel="$z_2$", xlabel="$z_1$", aspect="equal")
    points = scatter(row[1], codes(models[0]), "codes of the digits", 6)
figure.colorbar(points, ax=panels, ticks=range(10), label="digit", shrink=0.6);
# %% [markdown]
# The codes take the shape of the prior, though not perfectly: some lie between the arms, and the
# MMD is still above that of two samples of the prior. Digits and arms do not correspond one to
# one, since nothing in the objective asks for it. The paper hands the label to the discriminator
# where it wants that (exercise 5).
#
# Is the spiral useful? We walk along its middle, from the centre outwards, and decode.

# %%
t = np.linspace(0.3, 1.0, 15)
spiral = 4.0 * t * np.array([np.cos(3 * np.pi * t), np.sin(3 * np.pi * t)])  # (2, 15)
walk = [ops.sigmoid(model.decode(spiral.T.astype("float32"))) for model in shaped["swiss_roll"]]
labels_of_rows = [f"seed {seed}" for seed in SEEDS]
figure = kv.plotting.traversals(np.array(walk), values=t.round(2), labels=labels_of_rows)
figure.axes[0].set_xlabel("place $t$ on the spiral")
figure

# %% [markdown]
# Neighbours on the spiral are similar images, and most of the places decode to a digit: the
# decoder has been there before.
#
# ## What is lost
#
# Now a VAE with the same networks, and surgery on both. The prior is Gaussian, so the two models
# differ in what they pay: the VAE for the mutual information and the marginal KL, the adversarial
# one for what its discriminator can see of the marginal KL.
#
# **Predict.** Which of the two has more mutual information? The most that there can be is
# $\log N=7.49$ nats: the code then names its image. And whose *true* marginal KL is smaller?

# %%
vae = trained([built(kv.VAE, seed) for seed in SEEDS])
groups = {"VAE": vae, "AAE": gaussian}
surgery = {
    name: [kv.surgery.decompose(model, images, samples=6000) for model in models]
    for name, models in groups.items()
}

# %%
def term(name, key):
    """One value for each seed."""
    return np.array([getattr(result, key) for result in surgery[name]])


for name in groups:
    for key in ("reconstruction", "mutual_information", "marginal_kl"):
        print(f"{name}  {key:18}", *(f"{value:6.2f}" for value in term(name, key)))
scale = {name: np.median([m.posteriors(images)["scale"] for m in groups[name]]) for name in groups}
print("median scale of q(z|x):", {name: round(float(value), 3) for name, value in scale.items()})

# %%
kv.plotting.surgery_bars(surgery)

# %%
assert (term("AAE", "mutual_information") > term("VAE", "mutual_information") + 3).all()
assert (term("AAE", "mutual_information") > np.log(N) - 1.5).all()
assert (term("AAE", "marginal_kl") > term("VAE", "marginal_kl") + 0.5).all()
better = term("VAE", "reconstruction") - term("AAE", "reconstruction")
assert (better > 0).all() and (better < 3).all()

# %% [markdown]
# Nobody pays for the mutual information, so it rises almost to $\log N$: each posterior has shrunk
# to a spike, which hardly overlaps with any other. In exchange the images improve by only a nat or
# two, while the information grew by several: the decoder has no use for most of what the code now
# says. And the surprise: the *true* marginal KL, the term that the adversarial model is made for,
# is larger than that of the VAE, by a nat or more.
#
# A heap of 1,797 narrow spikes is a poor match for a smooth density, however well it is spread.
# The MMD and the eye did not notice. Did the discriminator?
#
# ## What the discriminator sees
#
# In training, the discriminator chases an encoder that moves. We give it a fair chance: the
# encoder stands still, at learning rate zero, and a fresh discriminator trains alone. Since the
# codes may come from any encoder, the VAE's can be judged too.
#
# **Predict.** Is the discriminator's `marginal_kl` too high or too low? For which model is it
# nearer to the truth?


# %%
def judge(model, seed):
    keras.utils.set_random_seed(seed)
    parts = {"encoder": model.encoder, "decoder": model.decoder}
    parts["discriminator"] = dense((2,), 2, 256)
    made = kv.AdversarialAutoencoder((8, 8, 1), 2, seed=seed, **parts)
    still, learns = keras.optimizers.SGD(0.0), keras.optimizers.Adam(2e-3, beta_1=0.5)
    made.compile({"autoencoder": still, "discriminator": learns})
    return made


def judgement(made):
    logs = [made.evaluate(images, verbose=0, return_dict=True) for _ in range(3)]
    return np.mean([log["marginal_kl"] for log in logs])


# %%
judges = {
    name: [judge(model, seed) for seed, model in enumerate(models)]
    for name, models in groups.items()
}
trained([*judges["VAE"], *judges["AAE"]], EPOCHS // 2)
guess = {name: np.array([judgement(made) for made in judges[name]]) for name in groups}
for name in groups:
    print(
        f"{name}  discriminator {guess[name].round(2)}  exact", term(name, "marginal_kl").round(2)
    )
assert (guess["AAE"] < 0.3 * term("AAE", "marginal_kl")).all()
assert (abs(guess["VAE"] - term("VAE", "marginal_kl")) < 0.2).all()

# %% [markdown]
# For the VAE, whose $q(z)$ is smooth, the two agree within a tenth of a nat or so. For the
# adversarial autoencoder the discriminator finds next to nothing, where surgery finds nats. It is
# a small, smooth function of two numbers: it cannot rise and fall between 1,797 spikes. What it
# estimates is the distance as far as a network like it can tell.
#
# If that is the reason, then the true marginal KL should vanish once we blur the spikes a little.
# Surgery can do that without training: we add noise of width $s$ to every code, so that the scales
# become $\sqrt{\sigma^2+s^2}$.
#
# **Predict.** The prior has width 1. At which $s$ is the marginal KL of the blurred codes half of
# what it was? What happens to the mutual information?

# %%
blur = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3])
curves = {"marginal_kl": [], "mutual_information": []}  # (seeds, blur)
for model in gaussian:
    q = model.posteriors(images)
    loc, scale = (q[name].astype("float64") for name in ("loc", "scale"))
    cuts = [kv.surgery.decompose_posterior(loc, np.hypot(scale, s), samples=3594) for s in blur]
    for name, values in curves.items():
        values.append([getattr(cut, name) for cut in cuts])
curves = {name: np.array(values) for name, values in curves.items()}
assert (curves["marginal_kl"][:, 0] > 0.7).all()
assert (curves["marginal_kl"].min(axis=1) < 0.3 * curves["marginal_kl"][:, 0]).all()

# %%
figure, panel = plt.subplots(figsize=(6.4, 3))
for name, values in curves.items():
    spread = values.std(axis=0, ddof=1)
    panel.errorbar(blur, values.mean(axis=0), spread, capsize=3, label=name.replace("_", " "))
panel.axhline(guess["AAE"].mean(), color="black", ls="--", marker="", label="discriminator")
panel.axhline(np.log(N), color="0.6", ls=":", marker="", label=r"$\log N$")
panel.set(xlabel="blur $s$ added to each code", ylabel="nats per image", ylim=(-0.2, 8))
panel.legend(loc="upper left", bbox_to_anchor=(1, 1));
# %% [markdown]
# Two hundredths of the prior's width halve the marginal KL; a few tenths bring it to the
# discriminator's level. So at a coarse resolution the match *is* good, and at a finer one there is
# nothing but spikes. The mutual information falls too, but more slowly.
#
# Does it matter to someone who draws new images?
#
# **Predict.** We send draws from the prior through the decoders of the VAE, the adversarial
# autoencoder (AAE) and the plain one. Which rows will show digits?

# %%
models = {"VAE": vae[0], "AAE": gaussian[0], "autoencoder": plain[0]}
rows = np.array([model.sample(14, seed=3) for model in models.values()])
kv.plotting.traversals(rows, labels=list(models))

# %% [markdown]
# For drawing images the coarse match is what counts: VAE and AAE look alike, the AAE a little
# crisper, and the autoencoder gets codes from one small spot of its wide plane. The price is paid
# elsewhere: a code that names its image is no summary of it, and `marginal_kl` as logged says
# nothing of that.
#
# ## Limits
#
# - Two dimensions and 1,797 images: everything can be seen, and everything is small. In more
#   dimensions the spikes are further apart, and the exact marginal KL of such a model is larger
#   still.
# - The encoder here is Gaussian, with a noise that it may shrink. The paper's is usually
#   deterministic; then the marginal KL is infinite, and only the discriminator's view of it is
#   left.
# - $\gamma$ depends on the images. On digits, whose whole reconstruction is worth few nats, the
#   default of 10 can be too large: we have seen codes become pure noise in the right shape, with no
#   information at all. On sprites of 32x32 pixels it was fine.
# - A game need not settle. Losses near $\log 2$ say that this discriminator cannot tell the
#   difference, not that $q(z)=p(z)$.
# - Nothing here is about disentanglement. The star's arms are not classes, and its axes are not
#   factors.
#
# ## Exercises
#
# 1. *Easy.* What are `discriminator_loss` and `adversarial` when $q(z)=p(z)$, and what is their
#    gradient with respect to the code?
# 2. *Easy.* Write a prior of your own, two rings for example, as a function that returns a `tfd`
#    distribution. Train on it.
# 3. *Medium.* Keep every fifth image out of training. Compare the reconstruction of those images
#    under VAE and AAE. What is the mutual information of spikes worth on new images?
# 4. *Medium.* Train `InfoVAE(alpha=1.0)`, chapter 5's MMD without a KL. Make the figure of the
#    blur for it.
# 5. *Hard.* Give the discriminator the label too: class 0 sees (code, digit), class 1 a draw of
#    the arm that belongs to the digit. Does each digit get its arm?
# 6. *Open.* Build a discriminator that can see the spikes, from distances to nearest neighbours
#    for example. What becomes of the encoder when it plays against that one?
#
# ## References
#
# - Makhzani, Shlens, Jaitly, Goodfellow, Frey (2015). *Adversarial autoencoders.* Section 2;
#   figures 2 and 4.
# - Tolstikhin, Bousquet, Gelly, Schölkopf (2018). *Wasserstein auto-encoders.* WAE-GAN, algorithm
#   1, and the weight of 10.
# - Goodfellow and others (2014). *Generative adversarial nets.* Proposition 1: the best
#   discriminator.
# - Hoffman, Johnson (2016). *ELBO surgery.*
# - Arora, Ge, Liang, Ma, Zhang (2017). *Generalization and equilibrium in generative adversarial
#   nets.* What a discriminator of limited capacity cannot see.
#
# Before: [7. FactorVAE](07_factor_vae.ipynb). Next: [9. InfoGAN](09_infogan.ipynb).

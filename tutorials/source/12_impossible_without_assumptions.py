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
# # 12. Impossible without assumptions
#
# Chapter 11 found that no objective wins by its scores. There is a theorem behind that. After this
# chapter you can
#
# - turn a perfect code into one with bad scores, without changing one image or its likelihood;
# - do the same under any prior with independent dimensions, not only under Gaussians;
# - say what a trained VAE assumes nevertheless: a *diagonal* posterior, and how many nats a code
#   pays that stands at an angle to it;
# - say why this assumption finds axes, but not necessarily those that you had in mind.
#
# You need chapters 3, 6 and 10. Each experiment begins with a question, marked **Predict**:
# write down your guess before you run the cell.

# %%
import itertools
import logging
import math
import os

import keras
import numpy as np
from keras import layers, ops
from matplotlib import pyplot as plt
from scipy.special import expit
from scipy.stats import chisquare, kstest, laplace, norm, ortho_group, uniform

import kerasvae as kv
from kerasvae import metrics

# %%
FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
SEEDS, EPOCHS, BETA = (range(5), 600, 4.0) if FULL else (range(3), 36, 4.0)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many models: each is compiled anew
plt.style.use(kv.plotting.STYLE)

# %% [markdown]
# ## The question
#
# A model with prior $p(z)$ and decoder $p(x\mid z)$ makes images, and is judged by their
# likelihood $p(x)=\int p(x\mid z)\,p(z)\,dz$. Nobody tells it the factors. **Suppose that it has
# found them: $z_1$ is the position to the right, $z_2$ the height, $z_3$ the size. Could it have
# known that this code is better than another one that explains the images just as well?**
#
# ## The formula
#
# Let $p(z)$ be $\mathcal N(0,I)$ and $A$ an orthogonal matrix. Then $z'=Az$ has the same
# distribution as $z$: the density of $\mathcal N(0,I)$ is the same in all directions. So the
# decoder $z'\mapsto\text{decoder}(A^\top z')$ with the prior $\mathcal N(0,I)$ gives the same
# images with the same probabilities:
#
# $$p'(x)=\int p(x\mid A^\top z')\,p(z')\,dz'=\int p(x\mid z)\,p(z)\,dz=p(x).$$
#
# If no entry of $A$ is zero, each $z'_i$ depends on *every* $z_j$. Nothing that is computed from
# images alone can prefer one of the two models.
#
# ## A perfect model
#
# The data set `discs` has 2,048 pictures: a disc at 16 x 16 positions, with 8 radii. Its perfect
# decoder needs no training. Cut each axis of $\mathcal N(0,I)$ in 3 dimensions into pieces of equal
# probability, one for each value of a factor, and look the picture up.

# %%
# NBVAL_CHECK_OUTPUT
discs = kv.data.load("discs")
images, factors = discs.images(range(len(discs))), discs.factors(range(len(discs)))
print(discs)

# %%
sizes = np.array(discs.factor_sizes)  # 16, 16, 8
perfect = norm.ppf((factors + 0.5) / sizes)  # a picture's code: the middle of its cell
A = np.eye(3) - 2 / 3  # symmetric, orthogonal: 1/3 on the diagonal, -2/3 elsewhere
assert np.allclose(A @ A.T, np.eye(3)) and (np.abs(A) > 0.3).all()


def picture_number(z):
    cell = np.minimum((norm.cdf(z) * sizes).astype(int), sizes - 1)  # (n, 3)
    return np.ravel_multi_index(tuple(cell.T), sizes)


assert (picture_number(perfect) == np.arange(len(discs))).all()

# %% [markdown]
# Every picture has the probability 1/2,048, which is what the data say: no model can have a better
# likelihood.
#
# **Predict.** Draw $z'$ from $\mathcal N(0,I)$ and decode it by the rotated decoder. How often does
# each picture come? And what are MIG, SAP and DCI of the codes $z$, and of $z'=Az$?

# %%
fresh = np.random.default_rng(0).standard_normal((400_000, 3))
for decoded in (fresh, fresh @ A):  # rows: A^T z' is z' @ A
    counts = np.bincount(picture_number(decoded), minlength=len(discs))
    assert chisquare(counts).pvalue > 1e-4  # as often as each other
turned = perfect @ A.T
assert (picture_number(turned @ A) == np.arange(len(discs))).all()  # the same pictures

few = np.random.default_rng(0).permutation(len(discs))[:1000]  # boosted trees are slow


def scores(codes, labels):
    names = ("mig", "sap", "dci")
    return {name: getattr(metrics, name)(codes, labels).score for name in names}


# %%
before, after = scores(perfect[few], factors[few]), scores(turned[few], factors[few])
for name in before:
    print(f"{name:4} perfect {before[name]:.2f}   rotated {after[name]:.2f}")
    assert after[name] < 0.5 * before[name]
assert before["mig"] > 0.85 and before["dci"] > 0.9 and after["mig"] < 0.1

# %%
steps = np.linspace(-1.8, 1.8, 9)
moves = np.eye(3)[:, None] * steps[:, None]  # (axis, step, 3): one coordinate moves
rows = [picture_number(move) for move in moves] + [picture_number(move @ A) for move in moves]
names = [f"$z_{i}$" for i in (1, 2, 3)] + [f"$z'_{i}$" for i in (1, 2, 3)]
kv.plotting.traversals(images[np.array(rows)], steps.round(1), names)

# %% [markdown]
# Same pictures, same probabilities, other axes. In the upper three rows one factor changes, in the
# lower three all of them do. MIG and DCI call the first model nearly perfect and the second one
# worthless. (SAP is low for both: its linear classifiers cannot name the middle one of 16 values on
# a line.) Both have the best likelihood there is.
#
# ## Any prior with independent dimensions
#
# "Then take a prior that is *not* the same in all directions." A uniform cube has corners. But let
# $F$ be the distribution function of each dimension of the prior, and $\Phi$ that of
# $\mathcal N(0,1)$. Applied to each dimension, $\Phi^{-1}\circ F$ turns the prior into
# $\mathcal N(0,I)$, where we can rotate, and then go back:
#
# $$f=F^{-1}\circ\Phi\circ A\circ\Phi^{-1}\circ F.$$
#
# $f(z)$ has the distribution of $z$, and almost everywhere every $\partial f_i/\partial z_j$
# differs from zero. This is the proof of the theorem of Locatello and others (2019). The decoder
# $p(x\mid f^{-1}(z'))$ does the rest.
#
# **Predict.** Draw the square of a uniform prior in two dimensions with lines $z_1=$ const and
# $z_2=$ const, and what $f$ makes of them for a rotation by 45 degrees.


# %%
def mapped(z, prior, rotation):
    gaussian = norm.ppf(prior.cdf(z))
    return prior.ppf(norm.cdf(gaussian @ rotation.T))


priors = {"uniform": uniform(-1, 2), "Laplace": laplace()}
for prior in priors.values():
    z = prior.rvs((20_000, 3), random_state=0)
    out, slopes = mapped(z, prior, A), []
    for step in 1e-4 * np.eye(3):
        slopes.append((mapped(z + step, prior, A) - mapped(z - step, prior, A)) / 2e-4)
    assert all(kstest(column, prior.cdf).pvalue > 1e-3 for column in out.T)
    independent = np.corrcoef(norm.ppf(prior.cdf(out)).T) - np.eye(3)
    assert np.abs(independent).max() < 0.03
    assert np.nanmin(np.abs(slopes)) > 0  # near an edge a step may leave the cube

# %%
code = priors["uniform"].ppf((factors + 0.5) / sizes)
bent = mapped(code, priors["uniform"], A)
before, after = scores(code[few], factors[few]), scores(bent[few], factors[few])
print("uniform code:", *(f"{name} {before[name]:.2f} -> {after[name]:.2f}  " for name in before))
assert before["mig"] > 0.85 and after["mig"] < 0.1 and after["dci"] < 0.5 * before["dci"]

# %%
figure, panels = plt.subplots(1, 4, figsize=(7.6, 2.1), layout="constrained")
line, ticks = np.linspace(0.001, 0.999, 300), np.linspace(0.05, 0.95, 10)
quarter = np.array([[1, -1], [1, 1]]) / math.sqrt(2)
for number, panel in enumerate(panels):
    prior, change = (norm(), priors["uniform"])[number // 2], (np.eye(2), quarter)[number % 2]
    for tick in ticks:
        for swap, color in ((1, "#0072B2"), (-1, "#D55E00")):  # z_1 is constant, z_2 is
            path = prior.ppf(np.stack([np.full(300, tick), line][::swap], axis=1))
            panel.plot(*mapped(path, prior, change).T, color=color, lw=1, marker="")
    panel.set(aspect="equal", xticks=[], yticks=[])
    panel.set_title(("normal: z", "normal: Az", "uniform: z", "uniform: f(z)")[number])

# %% [markdown]
# The lines of the square bend, and the square stays evenly filled. InfoGAN's uniform codes
# (chapter 9) and any prior of the adversarial autoencoder (chapter 8) with independent dimensions
# are open to this construction.
#
# ## A real model
#
# The package ships a [`BetaTCVAE`](../kerasvae/models/beta_tcvae.py) trained on dSprites. Its total
# correlation is low, and its scores are not perfect, but not bad. We rotate all ten of its
# dimensions. We estimate the likelihood of an image by importance sampling with $L$ draws from the
# posterior, $\log\frac1L\sum_l p(x\mid z_l)\,p(z_l)/q(z_l\mid x)$; a rotation has determinant 1 and
# leaves $q$ as it is.
#
# **Predict.** The rotated aggregated posterior is as near to the prior as before. Is its total
# correlation? (Chapter 6 knows.)

# %%
sprites, model = kv.data.load("dsprites"), kv.zoo.load("beta-tcvae-dsprites")
rows = np.random.default_rng(0).choice(len(sprites), 1000, replace=False)
labels, q = sprites.factors(rows), model.posteriors(sprites.images(rows))
B = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0].astype("float32")
before, after = scores(q["loc"], labels), scores(q["loc"] @ B.T, labels)
for name in before:
    print(f"{name:4} shipped {before[name]:.2f}   rotated {after[name]:.2f}")
    assert after[name] < 0.6 * before[name]

# %%
x, loc, scale = sprites.images(rows[:8]), q["loc"][:8], q["scale"][:8]
noise = np.random.default_rng(2).standard_normal((20, 8, 10)).astype("float32")


def log_likelihood(rotation):
    weights = []
    for draw in noise:
        z = (loc + scale * draw) @ rotation.T  # what the rotated model draws
        pixels = model.pixel_distribution(model.decode(z @ rotation))
        ratio = norm.logpdf(z).sum(axis=1) - norm.logpdf(draw, 0, 1).sum(axis=1)
        weights.append(pixels.log_prob(x) + ratio + np.log(scale).sum(axis=1))
    return np.logaddexp.reduce(weights) - np.log(len(noise))


assert np.allclose(log_likelihood(np.eye(10, dtype="float32")), log_likelihood(B), atol=0.05)

# %%
order = np.argsort(q["loc"].var(axis=0))[::-1][:4]  # the four dimensions that vary most
moves = np.eye(10, dtype="float32")[order, None] * np.linspace(-2, 2, 9, dtype="float32")[:, None]
start = q["loc"][3]
paths = [start * (move == 0) + move for move in moves]
paths += [(start @ B.T * (move == 0) + move) @ B for move in moves]
shown = 1 / (1 + np.exp(-ops.convert_to_numpy(model.decode(np.concatenate(paths)))))
names = [f"$z_{{{i + 1}}}$" for i in order] + [f"$z'_{{{i + 1}}}$" for i in order]
kv.plotting.traversals(shown.reshape(8, 9, 64, 64, 1), np.linspace(-2, 2, 9), names)

# %% [markdown]
# Each row shows a dimension with the others held still, above in the model's own axes, below in the
# rotated ones: the decoder and the likelihood are the same, and less than 60% of each score is
# left.
#
# Nothing in the likelihood can tell these two apart. And yet people do find dimensions that mean
# something in trained VAEs, as in the upper rows.
#
# ## What breaks the tie
#
# The encoder returns a mean and a *diagonal* covariance. If the posterior $\mathcal N(\mu,S)$ of
# an image is diagonal, the rotated one, $\mathcal N(A\mu,ASA^\top)$, is not: no encoder of this
# kind can return it. Write $P$ for the precision that the decoder of a beta-VAE asks for,
#
# $$P(x)=I+\tfrac1\beta J^\top\,\mathrm{diag}\big(p(1-p)\big)\,J,$$
#
# with $p$ the pixels' probabilities and $J$ the derivatives of the logits with respect to $z$: the
# prior's precision, and how fast the likelihood falls when $z$ moves (the Gauss-Newton curvature).
# The best Gaussian is $\mathcal N(\mu,P^{-1})$. The best *diagonal* one has the variances
# $1/P_{ii}$, and the KL between the two has a closed form. The objective pays it $\beta$ times:
#
# $$\texttt{price}=\tfrac12\Big(\sum_i\log P_{ii}-\log\det P\Big)\ge 0.$$
#
# It is zero where $P$ is diagonal (Hadamard's inequality): where the columns of
# $J$, weighted, are orthogonal. In rotated axes $P$ becomes $APA^\top$. The determinant stays, the
# diagonal does not. Rolinek and others (2019) showed that this is what makes VAEs find local
# principal directions.


# %%
def networks(latent_dim=6, width=128, shape=(32, 32, 1)):
    encoder = keras.Sequential([keras.Input(shape), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((latent_dim,))])
    for _ in range(2):
        encoder.add(layers.Dense(width, activation="relu"))
        decoder.add(layers.Dense(width, activation="relu"))
    encoder.add(layers.Dense(2 * latent_dim))
    decoder.add(layers.Dense(math.prod(shape)))
    decoder.add(layers.Reshape(shape))
    return {"encoder": encoder, "decoder": decoder}


# %%
def train(models, epochs, rate=3e-3):
    for model in models:
        model.compile(keras.optimizers.Adam(rate))
    kv.training.fit_population(models, images, batch_size=256, epochs=epochs)
    return models


def new(seed):
    keras.utils.set_random_seed(seed)
    return kv.BetaVAE((32, 32, 1), latent_dim=6, beta=BETA, seed=seed, **networks())


# %%
def precision(model, every=8, step=1e-2):
    z = model.embed(images[::every])

    def logits(z):
        return ops.convert_to_numpy(model.decode(z)).reshape(len(z), -1)

    sides = [(logits(z + step * e), logits(z - step * e)) for e in np.eye(6, dtype="float32")]
    J = np.stack([(right - left) / (2 * step) for right, left in sides], axis=2)
    p = expit(logits(z))
    return np.einsum("npi,np,npj->nij", J, p * (1 - p) / BETA, J) + np.eye(6)  # (n, 6, 6)


# %%
def price(P):
    return 0.5 * (np.log(np.einsum("nii->ni", P)).sum(axis=1) - np.linalg.slogdet(P)[1]).mean()


def best_axes(P):
    angles = np.linspace(-np.pi / 4, np.pi / 4, 91)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    for i, j in 5 * list(itertools.combinations(range(6), 2)):  # turn two axes at a time
        a, b, c = P[:, i, i], P[:, j, j], P[:, i, j]
        one = cos**2 * a + sin**2 * b - 2 * sin * cos * c
        cost = (np.log(one) + np.log(a + b - one)).mean(axis=1)
        k, turn = cost.argmin(), np.eye(6)
        turn[[i, j, i, j], [i, j, j, i]] = cos[k, 0], cos[k, 0], -sin[k, 0], sin[k, 0]
        P = turn @ P @ turn.T
    return P


# %% [markdown]
# We train beta-VAEs, which were never told of any axes, and compare the price in their own axes
# with that in random ones, and with the least price that turning can reach. `best_axes` looks for
# it, two dimensions at a time, and starts from random axes: it does not know the model's own.
#
# **Predict.** Where between random and best are the axes that training chose?

# %%
models = train([new(seed) for seed in SEEDS], EPOCHS)
curvature = [precision(model) for model in models]
rotations = ortho_group.rvs(6, size=200, random_state=0)
own = np.array([price(P) for P in curvature])
chance = np.array([[price(R @ P @ R.T) for R in rotations] for P in curvature])
best = np.array([price(best_axes(rotations[0] @ P @ rotations[0].T)) for P in curvature])
print("own axes", own.round(2), " best", best.round(2))
print("random", chance.mean(axis=1).round(2), "least of 200", chance.min(axis=1).round(2))

# %%
assert (own < chance.min(axis=1)).all()  # the 200 random ones are all dearer
assert (best < own + 0.05).all()
place = (own - best) / (chance.mean(axis=1) - best)  # 0: the best axes, 1: random ones
print("own axes, 0 best and 1 random:", place.round(2))
assert (place < 0.25).all()

# %% [markdown]
# ## Turned by hand
#
# Now we rotate the trained models by changing their weights. The first dense layer of the decoder
# takes $A$, the last one of the encoder takes $A$ for its means. The encoder cannot return the
# rotated covariance; it gets the best diagonal one, $s'^2_i=1/(AS^{-1}A^\top)_{ii}$, by a
# least-squares fit of the layer's other half. The means are as far from the origin as before, so we
# can write down by how much the KL rises:
#
# $$\Delta\texttt{kl}=\tfrac12\,\mathbb E_x\sum_i\big(s'^2_i-s_i^2-\log s'^2_i+\log s_i^2\big).$$


# %%
def turned_copy(model, A, D=6):
    copy, variance = new(model.seed), 1 / (model.posteriors(images)["scale"] ** -2.0 @ (A**2).T)
    kernel, *rest = model.decoder.get_weights()
    copy.decoder.set_weights([A @ kernel, *rest])
    hidden = ops.convert_to_numpy(keras.Sequential(model.encoder.layers[:-1])(images))
    hidden = np.c_[hidden, np.ones(len(hidden))]
    fitted = np.linalg.lstsq(hidden, np.log(variance), rcond=1e-4)[0]
    *first, kernel, bias = model.encoder.get_weights()
    kernel = np.c_[kernel[:, :D] @ A.T, fitted[:-1]]
    copy.encoder.set_weights([*first, kernel, np.r_[A @ bias[:D], fitted[-1]]])
    return copy, variance


# %% [markdown]
# **Predict.** How will the copy's images and its loss compare with the model's? And if we go on
# training the copy, will it stay where it is, go back to the old axes, or find others?

# %%
turn = np.eye(6) - np.ones((6, 6)) / 3  # symmetric, orthogonal, no zero
copies = [turned_copy(model, turn) for model in models]
for model, (copy, variance) in zip(models, copies):
    before, after = (kv.surgery.decompose(m, images, samples=2048) for m in (model, copy))
    S = model.posteriors(images)["scale"] ** 2
    expected = 0.5 * (variance - S - np.log(variance / S)).sum(axis=1).mean()
    print(f"kl {before.kl:.2f} -> {after.kl:.2f}, expected {before.kl + expected:.2f};", end=" ")
    print(f"reconstruction {before.reconstruction:.2f} -> {after.reconstruction:.2f}")
    assert abs(after.kl - before.kl - expected) < 0.1 and expected > 0.5
    means = model.embed(images)
    np.testing.assert_allclose(copy.embed(images), means @ turn.T, atol=1e-3)

# %%
turned_price = np.array([price(precision(copy)) for copy, _ in copies])
train([copy for copy, _ in copies], EPOCHS, rate=1e-2)
later = [kv.surgery.decompose(copy, images, samples=2048) for copy, _ in copies]
back = np.array([price(precision(copy)) for copy, _ in copies])
print("price: own", own.round(2), " turned", turned_price.round(2), " trained on", back.round(2))
for model, result in zip(models, later):
    old = kv.surgery.decompose(model, images, samples=2048)
    kls = [terms.per_dimension_kl.round(1) for terms in (old, result)]
    print("kl per dimension:", kls[0], "->", kls[1])

# %%
regained = (turned_price - back) / (turned_price - own)
print("share of the price that is regained:", regained.round(2))
assert (regained > 0.75).all()

# %%
figure, panel = plt.subplots(figsize=(6.4, 2.6))
for row, values in enumerate(chance):
    panel.plot(values, np.full(200, row), "|", color="#BBBBBB", markersize=12)
marks = {"best axes": (best, "^"), "own axes": (own, "o")}
marks |= {"turned by hand": (turned_price, "X"), "trained on": (back, "s")}
colors = ["#009E73", "#0072B2", "#000000", "#D55E00"]
for (label, (values, mark)), color in zip(marks.items(), colors):
    panel.plot(values, range(len(SEEDS)), mark, color=color, label=label, markersize=8)
panel.plot([], [], "|", color="#BBBBBB", markersize=12, label="random axes")
panel.set(yticks=range(len(SEEDS)), xlabel="price of a diagonal posterior (nats per image)")
panel.set_yticklabels([f"seed {seed}" for seed in SEEDS])
panel.legend(loc="upper left", bbox_to_anchor=(1, 1));

# %%
for label, group in (("own", models), ("trained on", [copy for copy, _ in copies])):
    found = [scores(model.embed(images[few]), factors[few]) for model in group]
    print(f"{label:11}", *(f"{n} {np.round([f[n] for f in found], 2)}" for n in found[0]))
    assert max(f["mig"] for f in found) < 0.5

# %% [markdown]
# The likelihood has no opinion on rotations, and yet the training undoes one. Nearly the whole
# price comes back in each seed, and the dimensions that the rotation had filled empty again: not
# always the same ones. The models did not go back to the *old* axes; they found others that are
# as cheap.
#
# And are these axes the factors? By the scores, no, neither before nor after. The price is about
# the decoder's local directions. A disc that moves to the right changes as many pixels as one
# that moves down, so turning $x$ into $y$ costs nothing. The diagonal posterior breaks the tie of
# the theorem, by an assumption that nobody made for the factors' sake. Where it finds them, that
# is a property of the data.
#
# ## Limits
#
# - The theorem speaks of models that know nothing but images. It does not say that disentanglement
#   is impossible: it says that what you find comes from your assumptions, from the data's own
#   irregularity, or from labels. Say which.
# - It compares models with equal likelihood. Networks of finite width may find one of the two
#   easier to express or to learn, and we measured only one such preference, the diagonal posterior.
# - $P$ is a quadratic approximation at the means, for 256 images. The true posterior is not
#   Gaussian, and what is cheap near one image may be dear near another: one rotation serves all.
# - One data set, one width, one $\beta$. With $\beta=1$ and a learning rate that fell to
#   zero we saw the price fall too, but by less than a fifth of its rise in as many steps.
#
# ## Exercises
#
# 1. *Easy.* For which $A$ does $z'=Az$ keep MIG at its best? Which entries does it have?
# 2. *Easy.* Show that $\det P\le\prod_iP_{ii}$ for two dimensions.
# 3. *Medium.* Give the perfect code three equal factors and a decoder whose $J^\top J$ is a
#    multiple of $I$. What is the price of a rotation? What follows for x and y of a disc?
# 4. *Medium.* Repeat the last experiment with `turn` a permutation with signs. Predict the price.
# 5. *Hard.* A prior of a different shape in each dimension has an $F_i$ for each. Write $f$, and
#    test it as above.
# 6. *Open.* Let the encoder return a full covariance (a Cholesky factor), by a subclass of `VAE`
#    with its own `terms`. Do its axes still beat random ones?
#
# ## References
#
# - Locatello and others (2019). *Challenging common assumptions in the unsupervised learning of
#   disentangled representations.* Theorem 1.
# - Rolinek, Zietlow, Martius (2019). *Variational autoencoders pursue PCA directions (by
#   accident).*
# - Hyvarinen, Pajunen (1999). *Nonlinear independent component analysis: existence and uniqueness
#   results.* The same obstacle, twenty years before.
# - Lucas, Tucker, Grosse, Norouzi (2019). *Don't blame the ELBO! A linear VAE perspective on
#   posterior collapse.* The linear case, where the axes are the principal components.
# - Pham (2001). *Joint approximate diagonalization of positive definite Hermitian matrices.* The
#   price is its criterion.
#
# Before: [11. All objectives](11_all_objectives.ipynb).
# Next: [13. What a pair gives away](13_what_a_pair_gives_away.ipynb).

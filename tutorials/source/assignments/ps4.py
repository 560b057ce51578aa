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
# # Problem set 4: the density-ratio trick and FactorVAE
#
# A classifier that tells codes from shuffled codes knows their total correlation (TC). You build
# the shuffle, the classifier's loss and the estimate, check them on a case with a known answer, and
# put them into a FactorVAE. Afterwards you can
#
# - draw from a product of marginals with nothing but a shuffle, and test that you do;
# - turn a classifier's logits into an estimate of a KL divergence, and say when it is one;
# - keep two networks that are trained against each other from training each other;
# - test a gradient, where looking at results would show nothing.
#
# Read first: chapter 7, *FactorVAE* (`tutorials/07_factor_vae.ipynb`). Helpful: chapter 6, *Total
# correlation* (`tutorials/06_total_correlation.ipynb`). Time: 75 to 120 minutes. 20 points, 3 of
# them for a written answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is
# wrong. Grading runs these tests and some more, on other numbers, so do not tailor an answer to
# the numbers that you see. Use `ops` (Keras's NumPy), so that gradients pass. Keep the names. A
# mistake in one question costs nothing in the next.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import keras
import numpy as np
from keras import layers, ops

import kerasvae as kv

keras.utils.set_random_seed(0)
x = kv.data.load("digits").images(range(512))  # (512, 8, 8, 1), grey levels in [0, 1]


def numbers(tensor):
    """A tensor as a NumPy array in double precision."""
    return ops.convert_to_numpy(tensor).astype("float64")


# %% [markdown]
# ## 1. A draw from the product of marginals (4 points)
#
# The rows of `z`, `(B, D)`, are codes of $B$ images: draws from $q(z)$. For draws from
# $\prod_j q(z_j)$ every *column* is shuffled over the batch, each with a permutation *of its own*:
# $z'_{ij}=z_{\pi_j(i)\,j}$.
#
# Write `permute_dims(z, generator)`, with a `keras.random.SeedGenerator`, whose state advances with
# each draw. One way without a loop: the order that sorts random noise is a random permutation.
# `keras.random.uniform(shape, seed=generator)`, `ops.argsort(a, axis=...)` and
# `ops.take_along_axis(a, order, axis=...)` are all it takes.


# %% nbgrader={"grade": false, "grade_id": "permute-dims", "locked": false, "schema_version": 3, "solution": true, "task": false}
def permute_dims(z, generator):
    """Every column of z shuffled by itself: (B, D)."""
    ### BEGIN SOLUTION
    noise = keras.random.uniform(ops.shape(z), seed=generator)
    return ops.take_along_axis(ops.convert_to_tensor(z), ops.argsort(noise, axis=0), axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-permute-columns", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
z = np.arange(80, dtype="float32").reshape(20, 4)
value = numbers(permute_dims(z, keras.random.SeedGenerator(0)))
assert value.shape == (20, 4), f"The shape stays, (20, 4). Got {value.shape}."
assert not np.array_equal(value, z), "Nothing has moved."
assert not np.array_equal(np.sort(value, axis=1), z), (
    "Yours shuffles the numbers within each row: dimension 0 of a code lands in dimension 2. A "
    "marginal q(z_j) is made of the values of dimension j, over the batch. Shuffle along axis 0."
)
assert np.array_equal(np.sort(value, axis=0), z), (
    "Each column must keep exactly its values, each as often as before: no value leaves its "
    "dimension, and none is drawn twice."
)

# %% nbgrader={"grade": true, "grade_id": "test-permute-independent", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
t = np.random.default_rng(1).normal(size=2000)
z = np.stack([t, -t, t], axis=1).astype("float32")  # each dimension tells the others
generator = keras.random.SeedGenerator(1)
value = numbers(permute_dims(z, generator))
correlation = np.corrcoef(value.T)
margin = 5 / np.sqrt(len(t))  # the standard error of a correlation of 0 is 1 / sqrt(n)
assert np.max(abs(correlation - np.eye(3))) < margin, (
    f"After the shuffle the dimensions still correlate:\n{correlation.round(2)}\nIf whole rows "
    "change places, every code is still there, and the draws are from q(z) as before. Every "
    "column needs a permutation of its own."
)
### BEGIN HIDDEN TESTS
again = numbers(permute_dims(z, generator))
assert not np.array_equal(value, again), (
    "The second call shuffles exactly like the first. Hand the generator to keras.random as "
    "seed=generator; a fixed number as the seed gives the same noise at every training step."
)
orders = numbers(permute_dims(np.repeat(np.arange(3.0), 1200).reshape(3, 1200), generator))
counts = np.unique(orders.T, axis=0, return_counts=True)[1]
assert len(counts) == 6 and counts.min() > 200 - 6 * np.sqrt(200), (
    "Of three rows there are six orders, and each should come up for a sixth of the columns. "
    f"In 1,200 columns yours came up {counts.tolist()} times."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The discriminator's loss (3 points)
#
# The discriminator returns two logits $(d_0,d_1)$: class 0 for a code from $q(z)$, class 1 for a
# shuffled one. Its probability of class 0 is $D(z)=e^{d_0}/(e^{d_0}+e^{d_1})$. It minimises
#
# $$\tfrac12\Big(\text{mean of }-\log D(z)\text{ over codes}
# +\text{mean of }-\log(1-D(z))\text{ over shuffled codes}\Big).$$
#
# Write `discriminator_loss(logits, shuffled_logits)`. It takes two tensors `(B, 2)` and returns a
# scalar. It must be right for logits of $\pm200$ too: a softmax rounds to 0 there, and the
# logarithm of a clipped 0 has no gradient. (`ops.log_softmax`, or `ops.softplus` of
# $\pm(d_0-d_1)$.)


# %% nbgrader={"grade": false, "grade_id": "discriminator-loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def discriminator_loss(logits, shuffled_logits):
    """The discriminator's mean loss: a scalar, nats."""
    ### BEGIN SOLUTION
    of_codes = -ops.mean(ops.log_softmax(logits, axis=1)[:, 0])
    of_shuffled = -ops.mean(ops.log_softmax(shuffled_logits, axis=1)[:, 1])
    return 0.5 * (of_codes + of_shuffled)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-discriminator-loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
zeros = np.zeros((8, 2), "float32")
value = numbers(discriminator_loss(zeros, zeros))
assert value.shape == (), f"The mean over the batch is one number. Got shape {value.shape}."
assert not np.isclose(value, 2 * np.log(2)), (
    "Yours is twice too large: half of the examples are of each class, hence the factor 1/2."
)
assert np.isclose(value, np.log(2), atol=1e-5), (
    "A discriminator that answers one half to everything pays log 2 = 0.693 nats."
)
first, second = zeros + [3, -3], zeros + [-3, 3]
right, wrong = (discriminator_loss(*pair) for pair in ((first, second), (second, first)))
assert numbers(right) < 0.1 < 1 < numbers(wrong), (
    "Codes are class 0, shuffled codes class 1, in both logits: here d_0 - d_1 = 6 for codes and "
    "-6 for shuffled ones, which is right and must be cheap, and the reverse dear."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
logits, shuffled = (rng.normal(0, 2, (64, 2)).astype("float32") for _ in range(2))
judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
judge = 0.5 * (judge(np.zeros(64), logits) + judge(np.ones(64), shuffled))
assert np.isclose(numbers(discriminator_loss(logits, shuffled)), numbers(judge), rtol=1e-4), (
    "On random logits the loss differs from Keras's cross-entropy: it is the difference of both "
    "logits that counts, and means are taken over the batch."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test-discriminator-loss-stable", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
first, second = zeros + [200, -200], zeros + [-200, 200]
value = numbers(discriminator_loss(first, second))
assert np.isfinite(value) and np.isclose(value, 0, atol=1e-4), (
    f"Sure and right costs nothing: 0 nats. Yours is {value}. The softmax has rounded to 0 and 1; "
    "compute the logarithm from the logits."
)
### BEGIN HIDDEN TESTS
value = numbers(discriminator_loss(second, first))
assert np.isfinite(value) and value > 150, (
    "Sure and wrong must cost as many nats as the logits say, here 400. A clipped softmax costs "
    f"too little, and its gradient is zero just where it is needed. Yours is {value}."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The best discriminator (2 points)
#
# Suppose that both densities were known. Then no discriminator is better than
#
# $$D^*(z)=\frac{q(z)}{q(z)+\prod_j q(z_j)} .$$
#
# Write `best_discriminator(log_q, log_product)`. It takes the two *log* densities, `(B,)` each, and
# returns $D^*$, `(B,)`. It must work where both log densities are $-500$, so do not exponentiate
# them one by one: divide numerator and denominator by $q(z)$ first.


# %% nbgrader={"grade": false, "grade_id": "best-discriminator", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_discriminator(log_q, log_product):
    """The probability of class 0 that the best discriminator returns: (B,)."""
    ### BEGIN SOLUTION
    return ops.sigmoid(log_q - log_product)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-best-discriminator", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
same, twice = np.log([0.2, 3.0]).astype("float32"), np.log([0.4, 6.0]).astype("float32")
assert np.allclose(numbers(best_discriminator(same, same)), 0.5), (
    "Where both densities are equal, nobody can tell the classes apart: one half, whatever the "
    "density."
)
value = numbers(best_discriminator(twice, same))
assert not np.allclose(value, 1 / 3, atol=1e-4), (
    "Yours is the probability of class 1, the shuffled codes. Class 0 is q(z)."
)
assert np.allclose(value, 2 / 3, atol=1e-4), (
    "Where q(z) is twice the product, two of three codes are of class 0."
)
### BEGIN HIDDEN TESTS
far = np.array([-500.0, -500.0], "float32")
value = numbers(best_discriminator(far + np.log([1, 4]).astype("float32"), far))
assert np.isfinite(value).all(), (
    "At log densities of -500 the value is NaN: exp(-500) is 0 in float32, and 0/0 is not a "
    "number. Only the difference of the two is needed."
)
assert np.allclose(value, [1 / 2, 4 / 5], atol=1e-3), "Densities 1:1 and 4:1 give 1/2 and 4/5."
### END HIDDEN TESTS

# %% [markdown]
# ## 4. From logits to total correlation (2 points)
#
# Solve $D=D^*$ for the ratio: a discriminator that is the best has
# $d_0-d_1=\log q(z)/\prod_j q(z_j)$, and the mean of this over *codes* (class 0) is the TC.
#
# Write `estimate_tc(logits)`. It takes the logits of codes, `(B, 2)`, and returns a scalar in nats.
#
# **Predict.** The TC is never negative. Is $d_0-d_1$?


# %% nbgrader={"grade": false, "grade_id": "estimate-tc", "locked": false, "schema_version": 3, "solution": true, "task": false}
def estimate_tc(logits):
    """The mean log density ratio: a scalar, nats."""
    ### BEGIN SOLUTION
    return ops.mean(logits[:, 0] - logits[:, 1])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-estimate-tc", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
value = numbers(estimate_tc(np.array([[1.0, 0.5], [4.0, 0.5]], "float32")))
assert value.shape == (), f"The mean over the batch is one number. Got shape {value.shape}."
assert value > 0, "Class 0 is q(z), so where d_0 is larger, q(z) is: log q - log product > 0."
assert np.isclose(value, 2.0, atol=1e-4), (
    "The log ratios are 0.5 and 3.5 nats, the mean is 2. Take the difference of the logits: it is "
    "log D/(1-D), where log D alone or D itself is no log ratio."
)
### BEGIN HIDDEN TESTS
rho = 0.6  # in two dimensions the TC of a Gaussian is -1/2 log(1 - rho^2) = 0.223 nats
z = np.random.default_rng(3).multivariate_normal([0, 0], [[1, rho], [rho, 1]], 20_000)
ratio = -0.5 * np.log(1 - rho**2) + rho * z[:, 0] * z[:, 1] / (1 - rho**2)
ratio = ratio - 0.5 * rho**2 * (z**2).sum(axis=1) / (1 - rho**2)
shift = np.random.default_rng(4).normal(size=len(z))  # logits are determined but for a shift
value = numbers(estimate_tc(np.stack([ratio + shift, shift], axis=1).astype("float32")))
margin = 5 * ratio.std() / np.sqrt(len(z))
assert abs(value + 0.5 * np.log(1 - rho**2)) < margin, (
    f"With the best discriminator of correlated Gaussian codes the mean is {value:.3f}; the TC is "
    "0.223 nats. Single log ratios may well be negative; do not cut them off."
)
### END HIDDEN TESTS

# %% [markdown]
# Draws alone, no density: a small discriminator learns to tell correlated Gaussian codes from
# shuffled ones, with your three functions.
#
# **Predict.** For three dimensions with correlation 0.7 each the TC is 0.77 nats. Will the
# estimate be above or below? What will it be with a shuffle of whole rows?

# %%
rho = 0.7 + 0.3 * np.eye(3)
codes = np.random.default_rng(5).multivariate_normal(np.zeros(3), rho, 24_000).astype("float32")


class Judge(keras.Model):
    def __init__(self):
        super().__init__()
        hidden = [layers.Dense(64, "leaky_relu") for _ in range(2)]
        self.network = keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(2)])
        self.generator = keras.random.SeedGenerator(0)

    def call(self, z):
        return self.network(z)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return discriminator_loss(y_pred, self(permute_dims(x, self.generator)))


judge = Judge()
judge.compile(keras.optimizers.Adam(3e-3), steps_per_execution=20)
judge.fit(codes[:20_000], batch_size=500, epochs=8, verbose=0)
print(f"true TC {-0.5 * np.linalg.slogdet(rho)[1]:.2f},", end=" ")
print(f"estimate on fresh codes {float(estimate_tc(judge(codes[20_000:]))):.2f} nats")

# %% [markdown]
# ## 5. FactorVAE's objective (2 points)
#
# The discriminator's log ratio becomes a term of the VAE's loss:
#
# $$\texttt{reconstruction}+\texttt{kl}+\gamma\,\texttt{total\_correlation}.$$
#
# Write `vae_objective(terms, gamma)`: `terms` is a dictionary of these names, each `(B,)` in nats
# per image. It returns `(B,)`.


# %% nbgrader={"grade": false, "grade_id": "vae-objective", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vae_objective(terms, gamma):
    """What the VAE minimises, for each image: (B,), nats."""
    ### BEGIN SOLUTION
    return terms["reconstruction"] + terms["kl"] + gamma * terms["total_correlation"]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-vae-objective", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
rng = np.random.default_rng(6)
terms = {key: rng.uniform(1, 9, 16) for key in ("reconstruction", "kl", "total_correlation")}
value = numbers(vae_objective(terms, 0.0))
assert value.shape == (16,), f"One number for each image, (16,). Got {value.shape}."
assert not np.allclose(value, sum(terms.values()) - 2 * terms["total_correlation"]), (
    "Yours has the weight gamma - 1. The KL holds the total correlation once; gamma comes on top, "
    "so the whole weight is gamma + 1. (The beta-TCVAE's beta counts the whole.)"
)
assert np.allclose(value, terms["reconstruction"] + terms["kl"], atol=1e-4), (
    "With gamma = 0 a FactorVAE is a VAE: reconstruction + kl."
)
### BEGIN HIDDEN TESTS
steps = numbers(vae_objective(terms, 10.0)) - value
assert np.allclose(steps, 10 * terms["total_correlation"], atol=1e-3), (
    "From gamma = 0 to gamma = 10 the objective must grow by ten times the total correlation."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 6. The discriminator's step (4 points)
#
# In `kv.FactorVAE` the two networks take turns: the VAE minimises its objective on one half of a
# batch, then the discriminator minimises its loss on the codes of the other half. Write this second
# loss, a method `discriminator_loss(self, x, training=True)` that takes images and returns a
# scalar. You have
#
# - `self(x, training=training)["z"]`: a code of each image;
# - `kv.estimators.permute_dims(z, self.seed_generator)`: the shuffle;
# - `self.discriminator(z, training=training)`: logits `(B, 2)`;
# - `kv.estimators.log_density_ratio(logits)`: $d_0-d_1$;
# - `kv.estimators.discriminator_terms(ratio, shuffled_ratio)["discriminator_loss"]`: `(B,)`.
#
# (These are the library's, so that a mistake above is not charged again.)
#
# The loss is a function of codes, and codes are a function of the encoder. If its gradient runs on
# into the encoder, the encoder *helps* the discriminator, and makes codes that are easier to tell
# from shuffled ones. Several public programs do that. `ops.stop_gradient(a)` is `a`, but gradients
# end there. Where must it stand, so that the encoder gets none and the discriminator all of it?


# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
class MyFactorVAE(kv.FactorVAE):
    def objective(self, terms):
        return vae_objective(terms, self.gamma)

    def discriminator_loss(self, x, training=True):
        """Mean loss of the discriminator on the codes of a batch of images: a scalar."""
        ### BEGIN SOLUTION
        z = ops.stop_gradient(self(x, training=training)["z"])
        shuffled = kv.estimators.permute_dims(z, self.seed_generator)
        ratio, shuffled_ratio = (
            kv.estimators.log_density_ratio(self.discriminator(codes, training=training))
            for codes in (z, shuffled)
        )
        terms = kv.estimators.discriminator_terms(ratio, shuffled_ratio)
        return ops.mean(terms["discriminator_loss"])
        ### END SOLUTION


# %% [markdown]
# To test it we need a model whose loss is known. Its encoder sends an image to the code $(t,t)$,
# almost without noise. Its discriminator answers $d_0-d_1=1-|z_1-z_2|$, which is 1 for every code
# and mostly less for shuffled ones.

# %% nbgrader={"grade": false, "grade_id": "twins", "locked": true, "schema_version": 3, "solution": false, "task": false}
DIRECTION = np.random.default_rng(8).normal(size=64).astype("float32")


def twins():
    """A MyFactorVAE with two dimensions that are always equal, and a discriminator that knows."""
    keras.utils.set_random_seed(2)
    sequence = lambda shape, *parts: keras.Sequential([keras.Input(shape), *parts])  # noqa: E731
    model = MyFactorVAE(
        (8, 8, 1),
        latent_dim=2,
        gamma=5.0,
        seed=2,
        encoder=sequence((8, 8, 1), layers.Flatten(), layers.Dense(4)),
        decoder=sequence((2,), layers.Dense(64), layers.Reshape((8, 8, 1))),
        discriminator=sequence((2,), layers.Dense(2, "relu"), layers.Dense(2)),
    )
    kernel = np.stack([DIRECTION, DIRECTION, 0 * DIRECTION, 0 * DIRECTION], axis=1)
    model.encoder.set_weights([kernel, np.array([0, 0, -12, -12])])  # means, log-variances
    difference = np.array([[1, -1], [-1, 1]])
    model.discriminator.set_weights(
        [difference, np.zeros(2), np.array([[-1, 0], [-1, 0]]), np.array([1, 0])]
    )
    return model


class OneStep(keras.Model):
    """Takes a step of a loss that is a function of images."""

    def __init__(self, model, loss):
        super().__init__()
        self.model, self.loss_of = model, loss

    def call(self, x):
        return x

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        # Keras refuses a loss that moves nothing at all; this adds a gradient of exactly 0.
        nothing = sum(ops.sum(weight) for weight in self.model.trainable_variables)
        return self.loss_of(x) + 0.0 * nothing


def gradients(model, loss, x):
    """Gradient of loss(x) in the encoder's and in the discriminator's weights, one vector each.

    A step of plain gradient descent with rate 1 moves each weight by its gradient.
    """
    parts = {"encoder": model.encoder, "discriminator": model.discriminator}
    before = {name: part.get_weights() for name, part in parts.items()}
    step = OneStep(model, loss)
    step.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    step.fit(x, batch_size=len(x), verbose=0)
    return {
        name: np.concatenate(
            [np.ravel(b - a) for b, a in zip(before[name], part.get_weights(), strict=True)]
        )
        for name, part in parts.items()
    }


# %% nbgrader={"grade": true, "grade_id": "test-step-value", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
value = numbers(twins().discriminator_loss(x[:256]))
t = x[:256].reshape(256, 64) @ DIRECTION
pairs = np.logaddexp(0, 1 - abs(t[:, None] - t))  # log(1 + e^r) of every possible shuffled code
judge = 0.5 * (np.logaddexp(0, -1) + pairs.mean())
margin = 0.5 * 5 * pairs.std() / np.sqrt(256)
assert value.shape == (), f"The mean over the batch is one number. Got shape {value.shape}."
assert not np.isclose(value, 0.5 * (np.logaddexp(0, -1) + np.logaddexp(0, 1)), atol=0.01), (
    "The shuffled codes look like codes to the discriminator. Shuffle the codes and not the "
    "images: a code of a shuffled batch is still a code."
)
assert abs(value - judge) < margin, (
    f"The loss of this model is {judge:.2f}, and chance explains no more than {margin:.2f}. Yours "
    f"is {value:.2f}. Codes are class 0 and come first; the loss is the mean over the batch."
)

# %% nbgrader={"grade": true, "grade_id": "test-step-gradient", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
model = twins()
gradient = gradients(model, model.discriminator_loss, x[:256])
assert not gradient["encoder"].any(), (
    f"The discriminator's loss moves the encoder: its gradient there has length "
    f"{np.linalg.norm(gradient['encoder']):.3f} and must be exactly 0. Codes reach the "
    "discriminator twice, as they are and shuffled. Cut both: stop_gradient before the shuffle."
)
### BEGIN HIDDEN TESTS
judge = twins()
length = np.linalg.norm(
    gradients(judge, lambda x: kv.FactorVAE.discriminator_loss(judge, x), x[:256])["discriminator"]
)
assert np.isclose(np.linalg.norm(gradient["discriminator"]), length, rtol=0.5), (
    "The encoder gets no gradient, but the discriminator does not get its own either. Cut at the "
    "codes: stop_gradient of logits or of the loss stops the discriminator from learning."
)
### END HIDDEN TESTS

# %% [markdown]
# Now let it run, with a weight of 20 and without one.
#
# **Predict.** Which TC will be lower, and how far is the logged number from the exact one, which
# surgery finds?

# %%
for gamma in (0.0, 20.0):
    keras.utils.set_random_seed(3)
    encoder = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(8)]
    decoder = [layers.Dense(64, "tanh"), layers.Dense(64), layers.Reshape((8, 8, 1))]
    judges = [layers.Dense(64, "leaky_relu"), layers.Dense(64, "leaky_relu"), layers.Dense(2)]
    model = MyFactorVAE(
        (8, 8, 1),
        latent_dim=4,
        gamma=gamma,
        seed=3,
        encoder=keras.Sequential([keras.Input((8, 8, 1)), *encoder]),
        decoder=keras.Sequential([keras.Input((4,)), *decoder]),
        discriminator=keras.Sequential([keras.Input((4,)), *judges]),
    )
    model.compile({name: keras.optimizers.Adam(3e-3) for name in ("vae", "discriminator")})
    log = model.fit(x, batch_size=128, epochs=25, verbose=0).history
    exact = kv.surgery.decompose(model, x, samples=2048)
    print(f"gamma {gamma:2g}: TC logged {log['total_correlation'][-1]:.2f},", end=" ")
    print(f"exact {exact.total_correlation:.2f}; reconstruction {exact.reconstruction:.1f} nats")

# %% [markdown]
# ## 7. A discriminator at rest (3 points, graded by hand)
#
# Somebody's FactorVAE ($\gamma=35$) logs a total correlation of 0.00 nats and a discriminator
# accuracy of 0.50, from the first epoch to the last. They write: "Our codes are independent." In
# at most 150 words: give two other explanations, one that is a bug in the shuffle and one that is
# not a bug. For each, describe a check that would show it. What may be written about the TC, and
# on the strength of which number?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# A bug: whole rows are shuffled together (one permutation for all columns). Then both classes are
# the same set of codes, nothing can tell them apart, and the ratio is 0 whatever the codes. Check:
# shuffle codes whose columns are equal; if the columns still correlate, the shuffle is wrong. Or
# run the estimator on Gaussian codes with a known TC. No bug: the discriminator is too small, too
# slow or lags behind the encoder. What it estimates is the TC less what it has not learnt. Check:
# stop the VAE and train a fresh, larger discriminator on its codes; if it finds more, the logged
# number was too low. A logged 0 is the score of a game, at best a lower bound. What may be written
# is the exact TC by surgery over all images, with its standard error, over several seeds; if that
# is near 0, then the codes are independent.
# ### END SOLUTION

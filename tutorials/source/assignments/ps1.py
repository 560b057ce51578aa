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
# # Problem set 1: the ELBO and the beta-VAE
#
# You build the ELBO from its parts, check each part against a program that you did not write,
# train with it, and see what its weight beta does. Afterwards you can
#
# - write the Bernoulli log-likelihood of an image, the closed-form KL and a sampled KL, in nats;
# - say over what each of them is summed, and what an average in the wrong place costs;
# - turn them into a Keras model;
# - predict which term grows and which falls when beta changes.
#
# Read first: chapter 1, *The ELBO* (`tutorials/01_elbo.ipynb`), and chapter 2, *The beta-VAE*
# (`tutorials/02_beta_vae.ipynb`). Time: 60 to 90 minutes. 20 points, 3 of them for a written
# answer.
#
# **How it works.** Write your answers where it says `YOUR CODE HERE`, in place of the line that
# raises `NotImplementedError`. The cell below each answer tests it. Its messages say what is
# wrong. Grading runs these tests and some more, on other numbers, so do not tailor an answer to
# the numbers that you see. Use `ops` (Keras's NumPy), so that gradients pass. Keep the names.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")  # a cell that prints a warning would count as failed

import keras
import numpy as np
from keras import layers, ops

import kerasvae as kv
from kerasvae.distributions import tfd

keras.utils.set_random_seed(0)
x = kv.data.load("digits").images(range(512))  # (512, 8, 8, 1), grey levels in [0, 1]


def numbers(tensor):
    """A tensor as a NumPy array in double precision."""
    return ops.convert_to_numpy(tensor).astype("float64")


# %% [markdown]
# ## 1. The log-likelihood of an image (3 points)
#
# The decoder returns a *logit* $l_i$ for each pixel $i$. With Bernoulli pixels
#
# $$\log p(x\mid z) = \sum_i x_i \log s(l_i) + (1 - x_i)\log(1 - s(l_i)),\qquad
# s(l) = \frac{1}{1+e^{-l}} .$$
#
# Write `log_likelihood(x, logits)`. It takes images `(B, H, W, C)` and logits of the same shape,
# and returns nats per image, `(B,)`. It must stay finite for logits of $\pm 200$, so do not take
# the logarithm of a sigmoid. (`ops.softplus(l)` is $\log(1+e^l)$, and
# $\log s(l) = -\mathrm{softplus}(-l)$.)


# %% nbgrader={"grade": false, "grade_id": "log-likelihood", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_likelihood(x, logits):
    """log p(x|z) of each image: (B,), nats."""
    ### BEGIN SOLUTION
    return ops.sum(x * logits - ops.softplus(logits), axis=(1, 2, 3))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-log-likelihood", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
value = numbers(log_likelihood(x[:4], ops.zeros((4, 8, 8, 1))))
assert value.shape == (4,), f"One number for each image, shape (4,). Yours has {value.shape}."
assert np.all(value < 0), "log p(x|z) is the logarithm of a probability: below 0. Check the sign."
assert not np.allclose(value, -np.log(2), atol=1e-4), (
    "Yours is the mean over pixels. The pixels are independent given z, so their probabilities "
    "multiply and their logarithms add: sum over pixels, mean over images."
)
assert np.allclose(value, -64 * np.log(2), atol=1e-3), (
    "A logit of 0 says 'one half' for each of the 64 pixels, which costs 64 log 2 = 44.36 nats."
)
### BEGIN HIDDEN TESTS
logits = np.random.default_rng(1).normal(0, 2, (5, 6, 4, 3)).astype("float32")
images = np.random.default_rng(2).random((5, 6, 4, 3)).astype("float32")
judge = tfd.Independent(tfd.Bernoulli(logits=logits, dtype=np.float32), 3)
assert np.allclose(numbers(log_likelihood(images, logits)), judge.log_prob(images), rtol=1e-4), (
    "On random images and logits the value differs from TensorFlow Probability's Bernoulli: "
    "sum over height, width and channels, and mind which of the two is white, x or 1 - x."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test-log-likelihood-stable", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
sure = np.full((1, 2, 2, 1), 200.0, "float32")
for image, logits in ((np.ones_like(sure), sure), (np.zeros_like(sure), -sure)):
    value = numbers(log_likelihood(image, logits))
    assert np.isfinite(value).all(), (
        "The value is infinite or NaN for a logit of 200, though the guess is right. s(200) rounds "
        "to 1, so log(1 - s) is -inf. Write both logarithms with softplus of the logits."
    )
    assert np.allclose(value, 0, atol=1e-3), "A sure and right guess costs nothing: 0 nats."
### BEGIN HIDDEN TESTS
value = numbers(log_likelihood(np.zeros_like(sure), sure))
assert np.isfinite(value).all() and np.all(value < -150), (
    "A sure and wrong guess costs as many nats as the logit says; do not clip it away."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A code that gradients can pass (2 points)
#
# The encoder returns $2D$ numbers for an image: $D$ means $\mu$ and $D$ *log-variances*
# $v=\log\sigma^2$. A code is drawn as $z=\mu+\sigma\,\varepsilon$, with noise $\varepsilon$ from
# a standard Gaussian that does not depend on the encoder.
#
# Write `draw(loc, log_variance, noise)`. The noise is an argument, with the shape of the codes.


# %% nbgrader={"grade": false, "grade_id": "draw", "locked": false, "schema_version": 3, "solution": true, "task": false}
def draw(loc, log_variance, noise):
    """Codes z from q(z|x), made of standard Gaussian noise: the shape of noise."""
    ### BEGIN SOLUTION
    return loc + ops.exp(0.5 * log_variance) * noise
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-draw", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
loc = np.array([[0.0, 5.0]], "float32")
log_variance = np.log(np.array([[9.0, 9.0]], "float32"))  # a variance of 9
assert np.allclose(numbers(draw(loc, log_variance, np.zeros((1, 2), "float32"))), loc), (
    "Without noise the code is the mean. Use the noise that is handed in, and no other."
)
value = numbers(draw(loc, log_variance, np.ones((1, 2), "float32"))) - loc
assert not np.allclose(value, 9), (
    "Yours stretches the noise by the variance. The encoder returns log sigma^2: the standard "
    "deviation is exp(log_variance / 2)."
)
assert np.allclose(value, 3, atol=1e-4), (
    f"A variance of 9 is a standard deviation of 3: noise 1 moves z by 3. Yours moves it {value}."
)
### BEGIN HIDDEN TESTS
noise = np.random.default_rng(3).standard_normal((7, 1, 2)).astype("float32")
value = numbers(draw(loc, log_variance - 3, noise))
assert value.shape == (7, 1, 2), "Several draws for each image: noise (S, B, D) gives (S, B, D)."
assert np.allclose(value, loc + 3 * np.exp(-1.5) * noise, atol=1e-4), (
    "z must be loc + scale * noise in every entry, also for variances below 1."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The KL in closed form (3 points)
#
# $$\mathrm{KL}(q(z\mid x)\,\|\,p(z)) = \sum_{j=1}^{D}
# \tfrac12\left(\sigma_j^2+\mu_j^2-1-\log\sigma_j^2\right).$$
#
# Write `kl_closed_form(loc, log_variance)`. It takes two tensors `(B, D)` and returns nats per
# image, `(B,)`.


# %% nbgrader={"grade": false, "grade_id": "kl-closed-form", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_closed_form(loc, log_variance):
    """KL(q(z|x) || N(0, I)) of each image: (B,), nats."""
    ### BEGIN SOLUTION
    return 0.5 * ops.sum(ops.exp(log_variance) + loc**2 - 1 - log_variance, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-kl-closed-form", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
zeros, ones = np.zeros((5, 4), "float32"), np.ones((5, 4), "float32")
value = numbers(kl_closed_form(zeros, zeros))
assert value.shape == (5,), f"One number for each image, shape (5,). Yours has {value.shape}."
assert np.allclose(value, 0, atol=1e-6), "An encoder that answers with the prior pays nothing."
value = numbers(kl_closed_form(ones, zeros))
assert not np.allclose(value, 0.5), (
    "Yours is the mean over latent dimensions. They are independent under q and p, so their "
    "divergences add: sum over dimensions, mean over images."
)
assert np.allclose(value, 2.0), (
    "Moving one dimension by 1 costs 1/2 nat, so four of them cost 2. Check the factor 1/2."
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
loc, log_variance = (rng.normal(0, s, (6, 3)).astype("float32") for s in (2.0, 1.5))
q = tfd.Independent(tfd.Normal(loc, np.exp(0.5 * log_variance)), 1)
prior = tfd.Independent(tfd.Normal(np.zeros(3, "float32"), np.ones(3, "float32")), 1)
judge = numbers(tfd.kl_divergence(q, prior))
assert np.allclose(numbers(kl_closed_form(loc, log_variance)), judge, rtol=1e-4), (
    "For variances other than 1 the value differs from TensorFlow Probability's: the first term is "
    "the variance, exp(log_variance), and not the standard deviation."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. The KL from draws (3 points)
#
# For many distributions there is no closed form. Then one averages
#
# $$\log q(z\mid x)-\log p(z),\qquad z\sim q(z\mid x),$$
#
# over draws. Write `kl_draws(loc, log_variance, z)`: for codes `z` of shape `(S, B, D)` the value
# of each draw, `(S, B)`. Write the Gaussian log densities yourself; their constants
# $-\tfrac12\log 2\pi$ cancel, but $-\log\sigma$ does not.
#
# **Predict** before you run the test: a KL is never negative. Can one draw be?


# %% nbgrader={"grade": false, "grade_id": "kl-draws", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_draws(loc, log_variance, z):
    """log q(z|x) - log p(z) of each draw: (S, B), nats."""
    ### BEGIN SOLUTION
    log_q = -0.5 * ((z - loc) ** 2 / ops.exp(log_variance) + log_variance)
    return ops.sum(log_q + 0.5 * z**2, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-kl-draws", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
loc, log_variance = np.full((2, 3), 1.0, "float32"), np.full((2, 3), -1.0, "float32")
noise = np.random.default_rng(5).standard_normal((20_000, 2, 3))
z = (loc + np.exp(-0.5) * noise).astype("float32")
value = numbers(kl_draws(loc, log_variance, z))
assert value.shape == (20_000, 2), f"One number for each draw of each image. Got {value.shape}."
kl = 3 * 0.5 * (np.exp(-1) + 1)  # the closed form: mean 1, log-variance -1, three dimensions
variance = 3 * (np.exp(-1) + 0.5 * (np.exp(-1) - 1) ** 2)  # of one draw; see chapter 1
margin = 5 * np.sqrt(variance / len(z))
for mean in value.mean(axis=0):
    assert abs(mean - kl) < margin, (
        f"The mean of 20,000 draws is {mean:.3f}; the KL is {kl:.3f}, and chance explains no more "
        f"than {margin:.3f}. Do both densities have their normaliser, and the minus sign?"
    )
assert value.min() < 0, "A single draw can be negative: here about one in 13 is. Yours never is."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6)
loc, log_variance, z = (rng.normal(size=s).astype("float32") for s in ((4, 2), (4, 2), (3, 4, 2)))
q = tfd.Independent(tfd.Normal(loc, np.exp(0.5 * log_variance)), 1)
prior = tfd.Independent(tfd.Normal(np.zeros(2, "float32"), np.ones(2, "float32")), 1)
judge = numbers(q.log_prob(z)) - numbers(prior.log_prob(z))
assert np.allclose(numbers(kl_draws(loc, log_variance, z)), judge, rtol=1e-3, atol=1e-4), (
    "The mean is right, but single draws differ from TensorFlow Probability's log densities. "
    "Evaluate both at the same z, and do not put the closed form in place of a density."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A Keras model (4 points)
#
# Keras asks a model for its loss in `compute_loss`; `y_pred` is what `call` returned. The
# beta-VAE minimises
#
# $$\text{reconstruction} + \beta\,\text{kl},\qquad
# \text{reconstruction} = -\log p(x\mid z),$$
#
# averaged over the images of the batch. Fill in `compute_loss`, with your functions from above.


# %% nbgrader={"grade": false, "grade_id": "compute-loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
class BetaVAE(keras.Model):
    def __init__(self, encoder, decoder, beta=1.0):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x):
        loc, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(loc), seed=self.noise)
        logits = self.decoder(draw(loc, log_variance, noise))
        return {"loc": loc, "log_variance": log_variance, "logits": logits}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean over images of reconstruction + beta kl: a scalar, nats per image."""
        ### BEGIN SOLUTION
        reconstruction = -log_likelihood(x, y_pred["logits"])
        kl = kl_closed_form(y_pred["loc"], y_pred["log_variance"])
        return ops.mean(reconstruction + self.beta * kl)
        ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "networks", "locked": true, "schema_version": 3, "solution": false, "task": false}
def networks(latent_dim=4, width=64):
    """A small encoder, 8x8 images to 2 D numbers, and a decoder, D numbers to logits."""
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(width, activation="relu"),
            layers.Dense(2 * latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(width, activation="tanh"),
            layers.Dense(64),
            layers.Reshape((8, 8, 1)),
        ]
    )
    return {"encoder": encoder, "decoder": decoder}


rng = np.random.default_rng(7)
outputs = {name: rng.normal(size=(16, 4)).astype("float32") for name in ("loc", "log_variance")}
outputs["logits"] = rng.normal(size=(16, 8, 8, 1)).astype("float32")


# %% nbgrader={"grade": true, "grade_id": "test-compute-loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Judged by your own functions: a mistake above is not charged again here.
reconstruction = -numbers(log_likelihood(x[:16], outputs["logits"])).mean()
kl = numbers(kl_closed_form(outputs["loc"], outputs["log_variance"])).mean()
loss = numbers(BetaVAE(**networks()).compute_loss(x=x[:16], y_pred=outputs))
assert loss.shape == (), f"One number for a batch: the mean over images. Got {loss.shape}."
assert not np.isclose(loss, -reconstruction + kl), (
    "Yours adds log p(x|z) with the wrong sign: reconstruction is -log p(x|z). Training would "
    "unlearn the images."
)
assert np.isclose(loss, reconstruction + kl, rtol=1e-4), (
    f"With beta = 1 the loss is {reconstruction:.2f} + {kl:.2f}, the means over images of the two "
    f"terms. Yours is {loss:.2f}. Average over images, and over nothing else."
)

# %% nbgrader={"grade": true, "grade_id": "test-beta", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
model = BetaVAE(**networks(), beta=3.0)
steps = numbers(model.compute_loss(x=x[:16], y_pred=outputs))
model.beta = 1.0
steps = steps - numbers(model.compute_loss(x=x[:16], y_pred=outputs))
assert abs(steps) > 1e-3, "Beta changes nothing: use self.beta, which the constructor keeps."
assert steps > 0, "A larger beta makes the KL dearer, so the loss grows. Check the signs."
### BEGIN HIDDEN TESTS
kl = numbers(kl_closed_form(outputs["loc"], outputs["log_variance"])).mean()
assert np.isclose(steps, 2 * kl, rtol=1e-2), (
    "From beta = 1 to beta = 3 the loss must grow by twice the mean KL. Beta weighs the KL alone, "
    "and the reconstruction keeps the weight 1."
)
### END HIDDEN TESTS

# %% [markdown]
# Now it learns. A decoder that ignores its code and knows only how white each pixel is on average
# pays 26.7 nats for a digit (chapter 1 shows how to compute that): a model has to get below.

# %%
vae = BetaVAE(**networks())
vae.compile(keras.optimizers.Adam(3e-3))
loss = vae.fit(x, batch_size=64, epochs=30, verbose=0).history["loss"]
print(f"-ELBO: {loss[0]:.1f} nats per image after one pass, {loss[-1]:.1f} after 30")

# %% [markdown]
# ## 6. What beta does (2 points)
#
# From here on we use the library: `kv.BetaVAE` has `terms(x, outputs)`, which returns
# `{"reconstruction": (B,), "kl": (B,)}` in nats, for `outputs = model(x)`. We train two models that
# differ only in beta.
#
# **Predict.** Which model has the larger KL, which the larger reconstruction term, and which the
# better ELBO?

# %% nbgrader={"grade": false, "grade_id": "training", "locked": true, "schema_version": 3, "solution": false, "task": false}
models = {}
for beta in (0.5, 8.0):
    keras.utils.set_random_seed(1)
    models[beta] = kv.BetaVAE((8, 8, 1), latent_dim=4, beta=beta, seed=1, **networks())
    models[beta].compile(keras.optimizers.Adam(3e-3))
    models[beta].fit(x, batch_size=64, epochs=30, verbose=0)

# %% [markdown]
# Write `measure(model, images)`, which returns a dictionary with the means over images of
# `"reconstruction"`, `"kl"` and `"negative_elbo"` (all three as plain floats). The ELBO is a bound
# of $\log p(x)$: which weight does the KL have in it, for a model trained with $\beta=8$?


# %% nbgrader={"grade": false, "grade_id": "measure", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(model, images):
    """Mean reconstruction, kl and negative_elbo: floats, nats per image."""
    ### BEGIN SOLUTION
    terms = model.terms(images, model(images))
    means = {name: float(ops.mean(value)) for name, value in terms.items()}
    return {**means, "negative_elbo": means["reconstruction"] + means["kl"]}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-measure", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
results = {beta: measure(model, x) for beta, model in models.items()}
for result in results.values():
    names = ["kl", "negative_elbo", "reconstruction"]
    assert sorted(result) == names, f"The keys are {names}. Yours are {sorted(result)}."
    assert all(np.ndim(value) == 0 for value in result.values()), "Means over images: one number."
low, high = results.values()
assert low["kl"] > high["kl"] + 1, "The dearer the KL, the less of it the model buys."
assert high["reconstruction"] > low["reconstruction"] + 1, "Fewer nats of code, worse images."
### BEGIN HIDDEN TESTS
for beta, model in models.items():
    result = results[beta]
    q = kv.distributions.posterior(model.encode(x))
    judge = numbers(kv.divergences.kl_analytic(q, model.prior)).mean()
    assert np.isclose(result["kl"], judge, rtol=1e-3), "kl is the mean over images, without beta."
    assert 15 < result["reconstruction"] < 35, "reconstruction is in nats per image: 20 to 30."
    assert np.isclose(
        result["negative_elbo"], result["reconstruction"] + result["kl"], rtol=1e-4
    ), (
        "-ELBO = reconstruction + kl, with weight 1, whatever beta the model was trained with: "
        "beta belongs to the objective, the ELBO is a bound of log p(x)."
    )
### END HIDDEN TESTS

# %%
rows = [x[:10], *(model.reconstruct(x[:10]) for model in models.values())]
kv.plotting.traversals(np.stack(rows), labels=["image", *(f"beta {beta:g}" for beta in models)])

# %% [markdown]
# ## 7. A loss that looks right (3 points, graded by hand)
#
# A training script for images of 64x64 pixels minimises
# `keras.losses.binary_crossentropy(x, p)`, averaged over all pixels, plus the KL summed over latent
# dimensions, "with beta = 1". Its reconstructions are all the same grey blob. In at most 120
# words: which beta does the script have in the units of this problem set, and how do you get
# there? What will its KL be? Which single number would have shown the mistake after the first
# epoch?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The mean over pixels is the sum divided by 64 * 64 = 4096. Multiplying the whole loss by 4096,
# which does not move its minimum, gives the summed reconstruction plus 4096 kl: beta is 4096. At
# that price a nat of code would have to save 4096 nats on pixels. None does, so the encoder
# answers with the prior: the KL is about 0 in every dimension, the code is noise, and the best
# decoder draws the average image whatever it is told. The KL (near 0) shows it at once; so does a
# loss of less than 1, where nats per image are of the order of hundreds.
# ### END SOLUTION

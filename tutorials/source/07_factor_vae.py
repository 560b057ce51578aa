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
# # 7. FactorVAE: total correlation by a discriminator
#
# The beta-TCVAE estimates the total correlation from densities within a batch. FactorVAE asks a
# second network, which looks at samples and never at a density. After this chapter you can
#
# - turn a classifier into an estimate of a log density ratio, and check it where the truth is
#   known;
# - name four ways in which such an estimate goes wrong, and say which way each one errs;
# - train a FactorVAE beside a VAE on equal terms, and judge both by exact surgery;
# - test that no gradient passes from the discriminator's loss to the encoder.
#
# You need chapters 3 and 6. Before each experiment stands the word **Predict**. Write your guess
# down before you run the cell.

# %%
import logging
import math
import os

import keras
import numpy as np
from keras import layers, ops
from matplotlib import pyplot as plt

import kerasvae as kv
from kerasvae.estimators import discriminator_terms, log_density_ratio, permute_dims

FULL = os.environ.get("KERASVAE_TIER", "quick") == "full"
SEEDS = range(3)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many models: each is compiled anew
plt.style.use(kv.plotting.STYLE)
print("Runs on", keras.distribution.list_devices()[0], "with", keras.backend.backend())

# %% [markdown]
# Keras places everything on a GPU when its backend finds one; the line above says what it found.
# The quick tier is made for a CPU. The full tier (`KERASVAE_TIER=full`: the 64x64 grid, the
# paper's networks and 300,000 updates) takes hours on a GPU, and on a CPU it is of no use.
#
# ## The question
#
# $z=(z_1,\dots,z_D)$ is a code, $q(z)$ the distribution of the codes of all images, $q(z_j)$ its
# marginal in dimension $j$. The total correlation
#
# $$\mathrm{TC}=\mathrm{KL}\big(q(z)\,\|\,\textstyle\prod_j q(z_j)\big)
# =\mathbb E_{q(z)}\log\frac{q(z)}{\prod_j q(z_j)}$$
#
# needs two densities that sum over the whole data set. Drawing from both is easy, though: a code of
# a random image is a draw from $q(z)$, and shuffling each column of a batch of codes gives draws
# from about $\prod_j q(z_j)$. **Can a number that is defined by densities be had from draws alone,
# and how far can we trust it?**
#
# ## The formula
#
# A discriminator gets as many draws of one kind (class 0) as of the other (class 1), and returns
# two logits $d_0,d_1$. With $r(z)=d_0-d_1$ its probability of class 0 is
# $D(z)=1/(1+e^{-r(z)})$, and it minimises
#
# $$\texttt{discriminator\_loss}=\tfrac12\big(\mathbb E_{q(z)}[-\log D(z)]
# +\mathbb E_{\prod_j q(z_j)}[-\log(1-D(z))]\big).$$
#
# The best possible discriminator has $D=q(z)/\big(q(z)+\prod_j q(z_j)\big)$, hence
# $r(z)=\log q(z)/\prod_j q(z_j)$, and the mean of $r$ over codes is the TC. This is the
# *density-ratio trick*. It rests on the word *best*.
#
# ## Codes whose TC is known
#
# Four-dimensional Gaussian codes, each pair with correlation $\rho$. With the correlation matrix
# $R$, $\mathrm{TC}=-\frac12\log\det R$.


# %%
def correlation(rho, dims=4):
    return rho + (1 - rho) * np.eye(dims)


def gaussian_codes(covariance, n, seed):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(np.zeros(len(covariance)), covariance, n).astype("float32")


def discriminator(dims, width=64, depth=2):
    network = keras.Sequential([keras.Input((dims,))])
    for _ in range(depth):
        network.add(layers.Dense(width, activation="leaky_relu"))  # with slope 0.2
    network.add(layers.Dense(2))
    return network


# %%
class Judge(keras.Model):
    """Learns to tell codes (class 0) from shuffled ones (class 1); returns r(z)."""

    def __init__(self, network, shuffle=permute_dims):
        super().__init__()
        self.network, self.shuffle = network, shuffle
        self.generator = keras.random.SeedGenerator(0)

    def call(self, z):
        return log_density_ratio(self.network(z))

    def compute_loss(self, x=None, y=None, y_pred=None, **kwargs):
        shuffled = self(self.shuffle(x, self.generator))
        return ops.mean(discriminator_terms(y_pred, shuffled)["discriminator_loss"])


# %%
def estimated_tc(network, codes, fresh, seed, epochs=20, **options):
    """Mean of r over codes that the discriminator was not trained on."""
    keras.utils.set_random_seed(seed)
    judge = Judge(network(), **options)
    steps = math.ceil(len(codes) / 500)
    judge.compile(keras.optimizers.Adam(3e-3), steps_per_execution=steps)  # an epoch a call
    judge.fit(codes, batch_size=500, epochs=epochs, verbose=0)
    return float(judge.predict(fresh, batch_size=5000, verbose=0).mean())


def toy_tc(covariance, seed, network=lambda: discriminator(4), n=40_000, **options):
    codes, fresh = (gaussian_codes(covariance, size, k) for k, size in ((seed, n), (100, 20_000)))
    return estimated_tc(network, codes, fresh, seed, **options)


# %% [markdown]
# **Predict.** For $\rho=0$ and $\rho=0.6$: what are the true values? Will the estimates be too high
# or too low?

# %%
for rho in (0.0, 0.6):
    truth = -0.5 * np.linalg.slogdet(correlation(rho))[1]
    found = np.array([toy_tc(correlation(rho), seed) for seed in SEEDS])
    print(f"correlation {rho}: true TC {truth:.2f}, found", found.round(2))
    assert (abs(found - truth) < 0.15).all()

# %% [markdown]
# Draws alone give the number to within a few hundredths of a nat, for a discriminator of two layers
# after 1,600 steps. The error that remains is on the low side.
#
# ## How to shuffle
#
# [`permute_dims`](../kerasvae/density_ratio.py) shuffles every *column* over the batch, with a
# permutation of its own. Published code has shuffled the *row* instead: the $D$ numbers within
# each code. The loss falls, nothing crashes.
#
# **Predict.** What does the shuffled row estimate (a) for the correlated codes above, (b) for
# independent codes whose standard deviations are 1, 1/2, 1/4 and 1/8, where the TC is 0?


# %%
# NBVAL_CHECK_OUTPUT
def permute_rows(z, generator):
    return ops.transpose(permute_dims(ops.transpose(z), generator))


table = np.arange(20.0).reshape(5, 4)
shuffled = ops.convert_to_numpy(permute_rows(table, keras.random.SeedGenerator(0)))
print("rows keep their numbers:", bool((np.sort(shuffled, axis=1) == table).all()))
shuffled = ops.convert_to_numpy(permute_dims(table, keras.random.SeedGenerator(0)))
print("columns keep their numbers:", bool((np.sort(shuffled, axis=0) == table).all()))

# %%
independent = np.diag([1, 1 / 4, 1 / 16, 1 / 64])
for name, covariance in {"correlated": correlation(0.6), "independent": independent}.items():
    rows = [toy_tc(covariance, seed, shuffle=permute_rows, epochs=8) for seed in SEEDS]
    columns = toy_tc(covariance, 0, epochs=8)
    print(f"{name:12} by rows", np.round(rows, 2), f" by columns {columns:.2f}")
    if name == "correlated":
        assert np.max(np.abs(rows)) < 0.1 and columns > 0.7
    else:
        assert min(rows) > 0.5 and abs(columns) < 0.1

# %% [markdown]
# Both answers are wrong, in opposite directions. Equally correlated codes look the same after their
# numbers have changed places, so there is nothing to find. Independent dimensions of different
# widths look different after it, so the estimate charges for a difference of *widths* and would
# push an encoder to make all dimensions alike.
#
# ## Failure modes
#
# For any $r$, good or bad, write $Z=\mathbb E_{\prod_j q(z_j)}\,e^{r(z)}$, and $q_r(z)$ for
# the density $\prod_j q(z_j)\,e^{r(z)}/Z$. Then
#
# $$\mathbb E_{q(z)}\,r(z)=\mathrm{TC}-\mathrm{KL}(q\,\|\,q_r)+\log Z .$$
#
# A calibrated discriminator has $Z\approx1$; what is left is a *lower bound* of the TC, short by
# what the discriminator has not learnt. If $Z$ is not 1, not even that holds.
#
# **Predict.** Draw the estimate over the true TC, from 0 to 10 nats, for a discriminator that is
# (a) large enough and well trained, (b) trained for 20 steps only, (c) linear, (d) trained on 500
# codes instead of 40,000.

# %%
rhos = (0.6, 0.9, 0.99, 0.999)
truth = np.array([-0.5 * np.linalg.slogdet(correlation(rho))[1] for rho in rhos])
judges = {
    "two layers, 1,600 steps": {},
    "20 steps": {"n": 10_000, "epochs": 1},
    "linear": {"network": lambda: discriminator(4, depth=0), "epochs": 4},
    "500 codes": {"n": 500, "epochs": 1600},
}
found = {
    name: np.array([toy_tc(correlation(rho), 0, **how) for rho in rhos])
    for name, how in judges.items()
}
for name, values in found.items():
    print(f"{name:24}", values.round(2))

# %%
figure, panel = plt.subplots(figsize=(6.2, 3.2))
panel.plot([0, 10], [0, 10], "--k", marker="", label="truth")
for name, values in found.items():
    panel.plot(truth, values, label=name)
panel.set(xlabel="true total correlation (nats)", ylabel="estimate on fresh codes\n(nats)")
panel.legend(loc="upper left", bbox_to_anchor=(1, 1));

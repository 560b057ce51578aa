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
# # 10. Measuring disentanglement
#
# Papers report a dozen [scores](../kerasvae/metrics/__init__.py), and call each of them
# "disentanglement". After this chapter you can
#
# - build each score by hand in a few lines, and so say what it asks of a code;
# - predict what it gives to a perfect, a rotated, a duplicated, a warped and a useless code.
#
# How far such a number can be trusted, from how many points, and what it says of trained models,
# is the subject of [chapter 10b](10b_trusting_scores.ipynb). You need chapters 1 and 2. Each
# experiment begins with a question, marked **Predict**: write down your guess before you run the
# cell.

# %%
import numpy as np
from matplotlib import pyplot as plt
from scipy.stats import norm, spearmanr
from sklearn.linear_model import LogisticRegression

import kerasvae as kv
from kerasvae import metrics

# %% [markdown]
# ## The question
#
# Factors $v=(v_1,\dots,v_K)$ made the image, codes $z=(z_1,\dots,z_D)$ describe it. (In this
# chapter and the next, a *code* is often a single dimension $z_j$.) We would like $z$ to be $v$ up
# to order, sign and unit. Three wishes hide in that: a code holds *one* factor (modularity), a
# factor lies in *one* code (compactness, or completeness), and the factors can be *read off* at all
# (explicitness, or informativeness). **Which of the three does each score measure, and what else?**
#
# We begin with toy factors. There are four, with four values each: a full grid of 256 combinations,
# with 12 images of each. Every pair of factors is exactly independent here, so many scores can be
# worked out with pencil and paper.

# %%
# NBVAL_CHECK_OUTPUT
TC = "gaussian TC, nats"
plt.style.use(kv.plotting.STYLE)
grid = np.stack(np.unravel_index(np.arange(256), (4, 4, 4, 4)), axis=1)
factors = np.repeat(grid, 12, axis=0)
N, perfect = len(factors), (factors - 1.5) / np.sqrt(1.25)  # mean 0, variance 1
toy = kv.data.FactorDataset(
    np.zeros((N, 1, 1, 1), "uint8"), {name: range(4) for name in "abcd"}, codes=factors, name="toy"
)
print(toy)

# %% [markdown]
# To build the scores we take codes that are neither good nor hopeless: $z_0$ and $z_1$ follow $a$
# and $b$ with noise, $z_2$ mixes $c$ and $d$, $z_3$ is a worse copy of $a$, and $z_4$ is nearly
# dead.

# %%
rng, (a, b, c, d) = np.random.default_rng(0), perfect.T
codes = np.stack([a, b, 0.8 * c + 0.6 * d, 0.7 * a, 0 * a], axis=1)
codes += rng.normal(size=codes.shape) * [0.2, 0.4, 0.2, 0.7, 0.01]

# %% [markdown]
# ## Scores from mutual information
#
# $I(z_j;v_k)$ is what knowing $z_j$ tells about $v_k$, in nats, and at most the entropy $H(v_k)$.
# Cut $z_j$ into 20 bins of equal width and count.
#
# - [**MIG**](../kerasvae/metrics/mig.py), the mutual information gap (Locatello's version): for
#   each factor the gap between the information of the best code and of the second best, divided by
#   $H(v_k)$; then the mean over factors. It mainly measures compactness: a second code that knows
#   the factor lowers it.
# - [**Modularity**](../kerasvae/metrics/modularity.py): for each code
#   $1-\sum_{k\ne t}I_{jk}^2/\big(I_{jt}^2(K-1)\big)$, with $I_{jk}=I(z_j;v_k)$ and $t$ the code's
#   best factor; then the mean over codes. A copy costs nothing, a mixture does.


# %%
def information(z, v):
    joint = np.histogram2d(z, v, bins=(20, v.max() + 1))[0] / len(z)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    seen = joint > 0
    return (joint[seen] * np.log(joint[seen] / independent[seen])).sum()


table = np.array([[information(z, v) for v in factors.T] for z in codes.T])  # (D, K) nats
best = np.sort(table, axis=0)[::-1]
mig = ((best[0] - best[1]) / np.log(4)).mean()
share = table**2 / table.max(axis=1, keepdims=True) ** 2  # 1 at the best factor
modularity = (1 - (share.sum(axis=1) - 1) / 3).mean()
assert np.isclose(mig, metrics.mig(codes, factors).score)
assert np.isclose(modularity, metrics.modularity(codes, factors).score)
kv.plotting.factor_heatmap(table / np.log(4), "abcd", label="share of the factor's entropy")

# %% [markdown]
# A row is a code, a column a factor. MIG looks down the columns, modularity along the rows. The
# nearly dead $z_4$ counts in modularity like any other code: bins are stretched over whatever range
# a code has, so it is judged by what chance left in its row.
#
# - [**InfoMEC**](../kerasvae/metrics/infomec.py) takes both directions from one table of
#   information over entropy: the share of the largest entry in each row (modularity) and column
#   (compactness), rescaled so that an even spread is 0. It estimates $I$ from nearest neighbours,
#   and first drops codes whose range is below a twentieth of the largest. Its third part,
#   explicitness, is what a logistic regression from all codes gains over guessing.
# - [**MIG of Chen and others**](../kerasvae/metrics/mig_chen.py) needs no bins: it computes
#   $\mathbb E\log q(z_j\mid v_k)-\log q(z_j)$ from the posteriors' own densities. It judges a
#   *sample* of the posterior and not its mean, so noise in the posterior counts.


# %%
def concentration(rows):
    even = 1 / rows.shape[1]
    return ((rows.max(axis=1) / rows.sum(axis=1)).mean() - even) / (1 - even)


infomec = metrics.infomec(codes, factors)
kept = infomec.matrix[np.ptp(codes, axis=0) > np.ptp(codes, axis=0).max() / 20]
assert len(kept) == 4 and np.isclose(concentration(kept), infomec.parts["modularity"])
assert np.isclose(concentration(kept.T), infomec.parts["compactness"])


# %%
image = rng.integers(N, size=1000)
z = codes[image] + 0.3 * rng.normal(size=(1000, 5))  # a sample of each posterior
table = np.zeros((5, 4))
for j in range(5):
    density = norm.pdf(z[:, j, None], codes[:, j], 0.3)  # (samples, images)
    for k in range(4):
        same = factors[image, k, None] == factors[:, k]
        own = (density * same).sum(axis=1) / same.sum(axis=1)  # of images with the same value
        table[j, k] = np.log(own / density.mean(axis=1)).mean()
best = np.sort(table, axis=0)[::-1]
library = metrics.mig_chen(codes, factors, scale=np.full(codes.shape, 0.3)).score
assert abs(((best[0] - best[1]) / np.log(4)).mean() - library) < 0.03  # other samples

# %% [markdown]
# ## Scores from predictors
#
# - [**SAP**](../kerasvae/metrics/sap.py), separated attribute predictability: how well one code
#   alone predicts a factor by a line. That is $R^2$ or, for classes, the accuracy of a linear
#   support vector machine. The score is again the gap between the best two codes.
# - [**DCI**](../kerasvae/metrics/dci.py), three scores in one: boosted trees predict each factor
#   from all codes. A code's share of what the splits gain is its importance. One minus the entropy
#   of a row of importances gives *disentanglement*, that of a column *completeness*; both are means
#   weighted by importance. The trees' accuracy is *informativeness*.
# - [**Gaussian total correlation**](../kerasvae/metrics/gaussian_total_correlation.py):
#   $-\frac12\log\det$ of the correlation matrix. It does not look at the factors.
# - [**UDR**](../kerasvae/metrics/udr.py), unsupervised disentanglement ranking, does not look at
#   the factors either. It compares the codes of two models, which may differ by a permutation.

# %%
square = np.corrcoef(codes.T, factors.T)[:5, 5:] ** 2
best = np.sort(square, axis=0)[::-1]
assert np.isclose((best[0] - best[1]).mean(), metrics.sap(codes, factors * 1.0).score)
dci = metrics.dci(codes, factors)
shares = dci.matrix / dci.matrix.sum(axis=1, keepdims=True)
entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1)
weight = dci.matrix.sum(axis=1) / dci.matrix.sum()
assert np.isclose(weight @ (1 - entropy / np.log(4)), dci.parts["disentanglement"])
tc = -0.5 * np.linalg.slogdet(np.corrcoef(codes.T))[1]
assert np.isclose(tc, metrics.gaussian_total_correlation(codes).score)
r = abs(spearmanr(codes, perfect)[0][:5, 5:])  # of each code with each of the other model's
udr = (r.max(axis=1) ** 2 / r.sum(axis=1)).sum() + (r.max(axis=0) ** 2 / r.sum(axis=0)).sum()
assert np.isclose(udr / (5 + 4), metrics.udr([codes, perfect], similarity="spearman").score)

# %% [markdown]
# ## Scores from interventions
#
# These three need a generator: images that share one factor while the others vary.
#
# - [**FactorVAE score**](../kerasvae/metrics/factor_vae_score.py): in a batch that shares factor
#   $k$, the code with the least variance, relative to its variance over all images, casts a vote
#   for $k$. A code stands for the factor that it voted for most; the score is the share of votes
#   that agree with this.
# - [**beta-VAE score**](../kerasvae/metrics/beta_vae_score.py): a linear classifier gets the mean
#   of $|z-z'|$ over pairs that share a factor, and has to name the factor. The score is its
#   accuracy.
# - [**IRS**](../kerasvae/metrics/irs.py), the interventional robustness score: how far a code
#   strays, at the 0.99 quantile, while its own factor is held fixed; 1 means not at all.


# %%
def partners(first, k):
    """For each image a random one that has the same value of factor k."""
    wanted = factors[rng.integers(N, size=len(first))]
    wanted[:, k] = factors[first, k]
    return np.ravel_multi_index(wanted.T, (4, 4, 4, 4)) * 12 + rng.integers(12, size=len(first))


active = np.flatnonzero(codes.std(axis=0) >= 0.05)  # a dead code has no vote
votes, points, shared = np.zeros((5, 4)), [], rng.integers(4, size=2000)
for k in shared:
    batch = codes[partners(np.full(64, rng.integers(N)), k)]
    ratio = batch.var(axis=0) / codes.var(axis=0)
    votes[active[ratio[active].argmin()], k] += 1
    first = rng.integers(N, size=64)
    points.append(abs(codes[first] - codes[partners(first, k)]).mean(axis=0))

# %%
by_hand = votes.max(axis=1).sum() / votes.sum()
library = metrics.factor_vae_score(codes, toy, train_votes=2000, test_votes=2000)
assert abs(by_hand - library.score) < 0.05
machine = LogisticRegression(max_iter=1000).fit(points[:1000], shared[:1000])
library = metrics.beta_vae_score(codes, toy, train_points=1000, test_points=2000)
assert abs(machine.score(points[1000:], shared[1000:]) - library.score) < 0.06
stray = np.zeros((5, 4))
for k, value in np.ndindex(4, 4):
    group = codes[factors[:, k] == value]
    stray[:, k] += np.quantile(abs(group - group.mean(axis=0)), 0.99, axis=0) / 4
largest = abs(codes - codes.mean(axis=0)).max(axis=0)
irs = (1 - stray / largest[:, None]).max(axis=1) @ largest / largest.sum()
assert abs(irs - metrics.irs(codes, toy).score) < 0.03

# %% [markdown]
# Where the definition leaves nothing to chance, the numbers agree to rounding; where images are
# drawn, within the spread of two draws.
#
# ## Known answers
#
# Now all scores and their parts, for codes where we can say what they should be. To be quick,
# settings are smaller than the papers': 1,000 points to train on and 1,000 to test.


# %%
def scores(z, factors, dataset, others, **posterior):
    results = {
        "mig": metrics.mig(z, factors),
        "mig_chen": metrics.mig_chen(z, factors, samples=500, **posterior),
        "sap": metrics.sap(z, factors),
        "sap, R2": metrics.sap(z, factors * 1.0),
        "modularity": metrics.modularity(z, factors),
        "beta_vae_score": metrics.beta_vae_score(z, dataset, 0, 1000, 1000),
        "factor_vae_score": metrics.factor_vae_score(z, dataset, 0, 1000, 1000),
        "irs": metrics.irs(z, dataset),
    }
    return {name: result.score for name, result in results.items()} | more(z, factors, others)


# %%
def more(z, factors, others):
    result, dci, mec = {}, metrics.dci(z, factors).parts, metrics.infomec(z, factors).parts
    for part in ("disentanglement", "completeness", "informativeness"):
        result[f"dci {part}"] = dci[part]
    for part in ("modularity", "compactness", "explicitness"):
        result[f"infomec {part}"] = mec[part]
    result["udr"] = metrics.udr([z, *others], similarity="spearman").parts["per_model"][0]
    return result | {TC: metrics.gaussian_total_correlation(z).score}


def show(columns, width=9):
    print(" " * 20, *(f"{name:>{width}}" for name in columns))
    for row in next(iter(columns.values())):
        print(f"{row:20}", *(f"{column[row] + 0.0:{width}.2f}" for column in columns.values()))


# %% [markdown]
# The cases: *exact* (copies) holds every code twice; *near* (copies) does so with noise of 0.3
# added to each. The *rotation* gives every code an equal part of all four factors, with signs that
# make it orthogonal. The *warp* is $e^{2z}$, monotone. UDR compares with two models that hold
# perfect codes.
#
# **Predict.** Cover the table below, and fill in the columns "exact" and "rotated". Which score
# will forgive a rotation altogether?

# %%
mix = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
twice = np.hstack([perfect, perfect])
cases = {
    "perfect": perfect,
    "permuted": perfect[:, [2, 0, 3, 1]],
    "flipped": perfect * [1, -1, -1, 1],
    "constant": np.full((N, 4), 0.1),
    "exact": twice,
    "near": twice + 0.3 * rng.normal(size=(N, 8)),
    "rotated": perfect @ mix,
    "warped": np.exp(2 * perfect),
    "noise": rng.normal(size=(N, 4)),
}
known = {name: scores(z, factors, toy, [perfect, -perfect]) for name, z in cases.items()}
show(known)

# %% [markdown]
# With pencil and paper:
#
# - *Constant*: the codes tell nothing, so the scores are 0. A classifier still guesses one class in
#   four right.
# - *Exact copies*: the gaps vanish. InfoMEC's compactness: the largest of $D=8$ entries holds half
#   of a column's sum, so it is $(\frac12-\frac18)/(1-\frac18)=0.43$. UDR: 8 rows give 1 each and 4
#   columns $\frac12$ each; divided by $8+4$ that is $0.83$. The Gaussian TC is infinite; computed
#   in float64, the four lost dimensions make 61 nats.
# - *Rotated*: a code has correlation $\frac12$ with each factor: all gaps and concentrations are 0,
#   interventions are seen by all codes alike, and classifiers guess.
# - *Warped*: the 4 values fall into the 20 bins as 2, 1 and 1. Half of the points lose $\log2$ of
#   $\log4$ nats, so MIG is $1-\frac14=0.75$.

# %%
signal = [name for name in known["perfect"] if name not in (TC, "sap")]
readable = ("dci informativeness", "infomec explicitness")
guess = {"beta_vae_score": 0.25, "dci informativeness": 0.25}
gone = {"mig": 0, "mig_chen": 0, "sap, R2": 0, "infomec compactness": 0.43, "udr": 0.83}
for name in signal:
    assert min(known[case][name] for case in ("perfect", "permuted", "flipped")) > 0.97, name
    assert abs(known["constant"][name] - guess.get(name, 0)) < 0.05, name
    assert abs(known["exact"][name] - gone.get(name, 1)) < 0.03, name
    rotated = known["rotated"][name]
    assert rotated > 0.9 if name in readable else rotated < 0.35, name
assert 0.5 < known["perfect"]["sap"] < 0.8 and known["exact"]["sap"] < 0.01
assert known["exact"][TC] > 50 and max(abs(known[c][TC]) for c in ("perfect", "rotated")) < 1e-6

# %%
warped, near, noise = (known[case] for case in ("warped", "near", "noise"))
assert abs(warped["mig"] - 0.75) < 0.01 and warped["sap, R2"] < 0.8
assert min(warped["dci completeness"], warped["udr"], warped["factor_vae_score"]) > 0.98
assert near["dci disentanglement"] > 0.85 and near["dci completeness"] < 0.8
assert max(noise[n] for n in ("mig", "mig_chen", "sap", "dci disentanglement", "udr")) < 0.06
empty = [np.random.default_rng(seed).normal(size=(N, 4)) for seed in range(5)]
for name, low, high in (("mig", 0, 0.02), ("modularity", 0.1, 1), ("infomec", 0.2, 1)):
    found = np.array([getattr(metrics, name)(z, factors).score for z in empty])
    print(f"five codes of pure noise, {name:10}", found.round(2))
    assert low < found.mean() < high

# %% [markdown]
# **Where scores disagree, and why.**
#
# - *Copies.* The gaps say 0; modularity and the scores from interventions say 1: they ask about
#   rows, and the gaps about columns. Neither is wrong. DCI's completeness is 1 for exact copies:
#   trees meet two equal splits and always take the first. With a little noise they use both, and it
#   falls.
# - *Rotation.* The informativeness of trees and InfoMEC's explicitness forgive it, as they should:
#   nothing is lost. The Gaussian TC forgives it too, and should not be read as disentanglement.
# - *Warps.* Bins of equal width and lines depend on the unit; trees and ranks do not. A warp loses
#   nothing, so a fall is an artefact of the estimator.
# - *Perfect.* Even here SAP of classes is not 1: the second-best code is sometimes right by chance,
#   and a linear classifier, with one line for each class, misses the inner values.
# - *Noise.* Ratios of tiny numbers can be anything: InfoMEC's modularity of pure noise differs from
#   draw to draw, and is mostly higher than that of trained models. Read both modularities beside
#   explicitness, which is 0.
#
# ## Limits
#
# - All scores but UDR and the TC need the true factors. Whoever has those could have used them for
#   training.
# - They presuppose that the factors are the right ones. A square looks the same after a
#   quarter turn, so no code can know the angle that the file gives.
# - Most judge posterior *means*. A dimension that is nearly noise counts like a precise one; only
#   `mig_chen` looks at the posterior.
# - These codes are toys. What scores say of trained models is another question (chapter 10b).
# - Small settings (1,000 votes, 1,000 samples) add a spread of one to three hundredths.
#
# ## Exercises
#
# 1. *Easy.* What does each score give to two codes that hold $a$ and $a$, and nothing of the rest?
# 2. *Easy.* Repeat the table with `bins=5` and `bins=100`. What changes for the warped codes?
# 3. *Medium.* Replace equal-width bins by bins of equal frequency. Which entries change, and what
#    do discrete codes do to such bins?
# 4. *Hard.* Build a code with FactorVAE score 1 and MIG 0 that is not a copy.
# 5. *Open.* Write a score of your own that forgives a warp and a copy but no rotation. Fill in its
#    row of the table.
#
# ## References
#
# - Higgins and others (2017). *beta-VAE.* Kim, Mnih (2018). *Disentangling by factorising.*
# - Chen, Li, Grosse, Duvenaud (2018). *Isolating sources of disentanglement in VAEs.* MIG.
# - Kumar, Sattigeri, Balakrishnan (2018). *DIP-VAE.* SAP.
# - Eastwood, Williams (2018). *A framework for the quantitative evaluation of disentangled
#   representations.* DCI.
# - Ridgeway, Mozer (2018). *Learning deep disentangled embeddings with the F-statistic loss.*
# - Suter, Miladinovic, Schölkopf, Bauer (2019). *Robustly disentangled causal mechanisms.* IRS.
# - Locatello and others (2019). *Challenging common assumptions.* 12,000 models.
# - Duan and others (2020). *Unsupervised model selection.* UDR.
# - Hsu and others (2023). *Disentanglement via latent quantization.* InfoMEC.
#
# Before: [9. InfoGAN](09_infogan.ipynb). Next: [10b. Trusting scores](10b_trusting_scores.ipynb).

"""Scores of disentanglement: arrays in, a `Result` with the score and its parts out.

`BY_NAME` is the table of all of them. Reports, studies, the benchmark and the tests read it: a new
metric is its file, its import and its row here. Three functions are not in it, because they measure
what codes are good for, train many classifiers, and are called by name: `downstream`,
`generalisation` and `unfairness`.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import math

from kerasvae.metrics.beta_vae_score import beta_vae_score
from kerasvae.metrics.dci import dci
from kerasvae.metrics.downstream import downstream
from kerasvae.metrics.factor_vae_score import factor_vae_score
from kerasvae.metrics.gaussian_total_correlation import gaussian_total_correlation
from kerasvae.metrics.generalisation import generalisation
from kerasvae.metrics.infomec import infomec
from kerasvae.metrics.irs import irs
from kerasvae.metrics.metric import Metric
from kerasvae.metrics.mig import mig
from kerasvae.metrics.mig_chen import mig_chen
from kerasvae.metrics.modularity import modularity
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result
from kerasvae.metrics.sap import sap
from kerasvae.metrics.udr import udr
from kerasvae.metrics.unfairness import unfairness

# In the order in which a report shows them.
BY_NAME: dict[str, Metric] = {
    "mig": Metric(
        mig,
        given="draw",
        matrix="mutual information of both, as a share of the factor's entropy",
        heat_map="I / H",
    ),
    "mig_chen": Metric(
        mig_chen,
        given="posterior",
        matrix="mutual information of the code's samples and the factor, as a share of its entropy",
    ),
    "sap": Metric(
        sap,
        given="draw",
        matrix="accuracy, or R^2, of the factor predicted from that code alone",
    ),
    "dci": Metric(
        dci,
        given="draw",
        parts=("completeness", "informativeness"),
        matrix="importance of the code for the factor; each column sums to 1",
        heat_map="importance",
    ),
    "modularity": Metric(
        modularity,
        given="draw",
        matrix="mutual information of both, nats",
        chance="anything below 1, often 0.7",
    ),
    "infomec": Metric(
        infomec,
        given="draw",
        parts=("explicitness", "compactness"),
        matrix="mutual information of both, as a share of the factor's entropy",
        chance="anything below 1; read it beside explicitness, which is 0 then",
    ),
    "beta_vae_score": Metric(beta_vae_score, given="data set", chance="about 1/K"),
    "factor_vae_score": Metric(
        factor_vae_score,
        given="data set",
        matrix="training votes of the code while that factor was fixed",
        chance="about 1/K, and 0 without an active code",
    ),
    "irs": Metric(
        irs,
        given="data set",
        matrix="share of the code's largest deviation that is gone while that factor is fixed",
        chance="0.1 to 0.5, more with few points a value",
    ),
    "gaussian_total_correlation": Metric(
        gaussian_total_correlation,
        given="codes",
        high=math.inf,
        better="lower",
        chance="0, if they are independent",
    ),
    "udr": Metric(udr, given="models", chance="below 0.1"),
}

__all__ = [
    "BY_NAME",
    "Metric",
    "NotApplicable",
    "Result",
    "beta_vae_score",
    "dci",
    "downstream",
    "factor_vae_score",
    "gaussian_total_correlation",
    "generalisation",
    "infomec",
    "irs",
    "mig",
    "mig_chen",
    "modularity",
    "sap",
    "udr",
    "unfairness",
]

"""Trained models that ship with the package, each with a card of settings and measurements.

    >>> "beta-tcvae-dsprites" in names()
    True

Nothing is downloaded: weights of at most 1 MB per model are files of the package. They are made by
`zoo/train.py` and `zoo/pack.py` in the repository.
"""

from kerasvae.zoo.cards import card, names
from kerasvae.zoo.models import load
from kerasvae.zoo.pictures import traversals
from kerasvae.zoo.runs import ZooRun, open_run

__all__ = ["ZooRun", "card", "load", "names", "open_run", "traversals"]

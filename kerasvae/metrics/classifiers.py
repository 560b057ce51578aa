"""Classifiers that predict a factor from codes: what the measures of usefulness are made of."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from kerasvae.metrics.inputs import is_discrete
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.trees import boosted_trees

NAMES = ("logistic", "boosted-trees")


def predictions(classifier: str, codes, values, others, seed: int = 0) -> np.ndarray:
    """The classes that a classifier predicts for codes, after training on others.

    Args:
        classifier: "logistic", scikit-learn's logistic regression with C=1, or "boosted-trees",
            LightGBM's with 100 trees of depth 3.
        codes: (n, D) to train on, scaled to a size of about 1.
        values: (n,) their classes, whole numbers. If they are all the same, that is the answer.
        others: (m, D) the codes to judge.
        seed: seed of the classifier, if it draws anything.

    Returns:
        (m,) classes.
    """
    if (values == values[0]).all():
        return np.full(len(others), values[0])
    if classifier == "logistic":
        model = LogisticRegression(max_iter=1000)
    else:
        model = boosted_trees("lightgbm", discrete=True, seed=seed)
    return model.fit(codes, values).predict(others)


def check_classes(factors: np.ndarray, metric: str) -> None:
    """Refuse factors that are not classes.

    Raises:
        NotApplicable: a table of floats.
    """
    if not is_discrete(factors):
        raise NotApplicable(
            f"{metric} predicts the class of a factor: it needs whole numbers. Put continuous "
            f"factors into bins. Received: factors of dtype {factors.dtype}"
        )

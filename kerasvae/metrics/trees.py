"""Boosted trees by LightGBM or scikit-learn, grown alike."""

import importlib

from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

LIBRARIES = ("lightgbm", "scikit-learn")

# The defaults of scikit-learn's gradient boosting, which the public code uses; given to LightGBM
# too, so that both grow the same number of trees of the same depth.
SHAPE = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3}


def tree_library(trees: str):
    """Imported when asked for: LightGBM needs the system's OpenMP, which a bare image may lack."""
    return importlib.import_module({"lightgbm": "lightgbm", "scikit-learn": "sklearn"}[trees])


def boosted_trees(trees: str, discrete: bool, seed: int, threads: int = 1):
    """A model with `fit` and `score`, not fitted yet.

    Args:
        trees: one of `LIBRARIES`.
        discrete: whether it predicts classes.
        seed: seed of scikit-learn's trees; LightGBM draws nothing.
        threads: threads of LightGBM. The result does not depend on it.
    """
    if trees == "scikit-learn":
        kind = GradientBoostingClassifier if discrete else GradientBoostingRegressor
        return kind(random_state=seed % 2**32, **SHAPE)
    lightgbm = tree_library(trees)
    kind = lightgbm.LGBMClassifier if discrete else lightgbm.LGBMRegressor
    return kind(
        **SHAPE,
        num_leaves=2 ** SHAPE["max_depth"],
        min_child_samples=1,  # like scikit-learn's; the default of 20 hides rare classes
        min_data_in_bin=1,
        importance_type="gain",
        random_state=0,  # nothing is drawn
        n_jobs=threads,
        deterministic=True,
        force_row_wise=True,  # or it would time both ways and choose
        verbose=-1,
    )

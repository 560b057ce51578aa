"""What every metric returns: a number, and everything that one needs to trust it."""

from dataclasses import dataclass, field
from importlib import metadata

import numpy as np

from kerasvae.version import __version__

PACKAGES = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Result:
    """A score of disentanglement with its parts, the matrix behind it, and how it was sampled.

    Args:
        metric: the function that made it.
        score: the number that the field reports under that name.
        parts: further numbers and arrays by name, for instance the gap of each factor.
        matrix: (D, K) what the score was read from, a row for each code and a column for each
            factor; None where there is none.
        settings: what was sampled and how: points, seed, bins, ...

    Example:
        >>> result = Result("mig", 0.5, {"per_factor": np.array([0.25, 0.75])})
        >>> print(result)
        mig 0.500
        >>> result.parts["per_factor"]
        array([0.25, 0.75])
    """

    metric: str
    score: float
    parts: dict[str, float | np.ndarray] = field(default_factory=dict)
    matrix: np.ndarray | None = None
    settings: dict = field(default_factory=dict)

    def __post_init__(self):
        self.settings.setdefault("versions", _versions())

    def to_dict(self) -> dict:
        """Everything, in types that JSON knows."""
        return {
            "metric": self.metric,
            "score": float(self.score),
            "parts": {name: _plain(value) for name, value in self.parts.items()},
            "matrix": _plain(self.matrix),
            "settings": {name: _plain(value) for name, value in self.settings.items()},
        }

    def __str__(self) -> str:
        return f"{self.metric} {self.score:.3f}"

    def __repr__(self) -> str:
        return f"Result({self.metric} {self.score:.3f})"


def _versions() -> dict[str, str]:
    return {"kerasvae": __version__, **{name: metadata.version(name) for name in PACKAGES}}


def _plain(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value

"""The result of surgery: every term with its standard error, ready to print and to save."""

from dataclasses import dataclass, field

import numpy as np
from rich.table import Table

# The order in which the terms are read, and how far each is indented: a term is the sum of those
# one step further in.
LAYOUT = (
    ("reconstruction", 0),
    ("kl", 0),
    ("mutual_information", 1),
    ("marginal_kl", 1),
    ("total_correlation", 2),
    ("dimension_wise_kl", 2),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Decomposition:
    """The terms of the ELBO over a data set, in nats per image.

    Formula:
        kl = mutual_information + marginal_kl
        marginal_kl = total_correlation + dimension_wise_kl

    Args:
        reconstruction: -E log p(x|z), or None where only the posterior was given.
        kl: mean of KL(q(z|x) || p(z)); exact, its standard error is 0.
        mutual_information: that of images and codes, at most log N.
        marginal_kl: KL(q(z) || p(z)).
        total_correlation: KL(q(z) || prod_j q(z_j)).
        dimension_wise_kl: sum_j KL(q(z_j) || p(z_j)).
        per_dimension_kl: (D,) mean of KL(q(z_j|x) || p(z_j)); exact, sums to kl.
        standard_errors: a number for each of the terms above but the last.
        num_images: N.
        samples: pairs (image, z) that the terms were estimated from.

    References:
        Hoffman & Johnson 2016; Chen et al. 2018.

    Example:
        >>> names = ("mutual_information", "marginal_kl", "total_correlation", "dimension_wise_kl")
        >>> terms = dict(zip(names, (2.0, 1.0, 0.25, 0.75), strict=True))
        >>> errors = {"kl": 0.0, **dict.fromkeys(names, 0.01)}
        >>> each = np.array([1.5, 1.5])
        >>> print(
        ...     Decomposition(
        ...         kl=3.0,
        ...         **terms,
        ...         per_dimension_kl=each,
        ...         standard_errors=errors,
        ...         num_images=500,
        ...         samples=1000,
        ...     )
        ... )
        nats per image, 500 images, 1,000 samples
        kl                           3.000 exact
          mutual_information         2.000 ± 0.010
          marginal_kl                1.000 ± 0.010
            total_correlation        0.250 ± 0.010
            dimension_wise_kl        0.750 ± 0.010
        kl of each dimension: 1.50 1.50
    """

    kl: float
    mutual_information: float
    marginal_kl: float
    total_correlation: float
    dimension_wise_kl: float
    per_dimension_kl: np.ndarray
    standard_errors: dict[str, float]
    num_images: int
    samples: int
    reconstruction: float | None = field(default=None)

    def rows(self) -> list[tuple[str, int, float, float]]:
        """(name, indentation, value, standard error) of each term, in reading order."""
        return [
            (name, depth, getattr(self, name), self.standard_errors[name])
            for name, depth in LAYOUT
            if getattr(self, name) is not None
        ]

    def table(self) -> Table:
        """A rich table, for a terminal: `rich.print(result.table())`."""
        table = Table(title=self._title())
        table.add_column("term")
        table.add_column("nats", justify="right")
        table.add_column("standard error", justify="right")
        for name, depth, value, error in self.rows():
            table.add_row("  " * depth + name, f"{value:.4f}", f"{error:.4f}")
        return table

    def __str__(self) -> str:
        lines = [self._title()]
        for name, depth, value, error in self.rows():
            spread = "exact" if name == "kl" else f"± {error:.3f}"
            lines.append(f"{'  ' * depth + name:<24}{value:>10.3f} {spread}")
        per_dimension = " ".join(f"{value:.2f}" for value in self.per_dimension_kl)
        return "\n".join([*lines, f"kl of each dimension: {per_dimension}"])

    def to_dict(self) -> dict:
        """Plain numbers, lists and strings, as `json.dump` takes them."""
        terms = {name: value for name, _, value, _ in self.rows()}
        return {
            **terms,
            "per_dimension_kl": [float(value) for value in self.per_dimension_kl],
            "standard_errors": dict(self.standard_errors),
            "num_images": self.num_images,
            "samples": self.samples,
        }

    def _title(self) -> str:
        return f"nats per image, {self.num_images:,} images, {self.samples:,} samples"

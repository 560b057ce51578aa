"""One row of the table of metrics: a function, what it is given and how to read it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

# What a metric's first arguments are.
GIVEN = {
    "draw": "codes and factors of a draw of images: (n, D), (n, K)",
    "codes": "codes of a draw of images alone: (n, D)",
    "data set": "codes of every image and the data set, from which the metric draws: (N, D)",
    "posterior": "codes and factors of every image, and scale=, their standard deviations: (N, D)",
    "models": "codes of the same images by several models: a list of (n, D)",
}


@dataclass(frozen=True)
class Metric:
    """What scores, reports, the benchmark and the known-answer tests know about a metric.

    Args:
        function: it returns a `kerasvae.metrics.Result` of the same name.
        given: a key of `GIVEN`, what the function's first arguments are.
        parts: names of the numbers in its parts that a report shows below the score.
        matrix: what entry (j, k) of its matrix means, in one phrase; empty if it has none.
        heat_map: what the colours of a report's heat map of that matrix are; empty for no heat map.
        low: the lowest possible score.
        high: the highest possible score, `math.inf` if there is none.
        better: "higher" or "lower".
        chance: the score of codes that say nothing, in one phrase.

    Raises:
        ValueError: an unknown `given` or `better`.

    Example:
        >>> from kerasvae import metrics
        >>> metrics.BY_NAME["mig"].reading
        '0 to 1, higher is better; codes that say nothing: about 0'
    """

    function: Callable
    given: str
    parts: tuple[str, ...] = ()
    matrix: str = ""
    heat_map: str = ""
    low: float = 0.0
    high: float = 1.0
    better: str = "higher"
    chance: str = "about 0"

    def __post_init__(self):
        if self.given not in GIVEN or self.better not in ("higher", "lower"):
            raise ValueError(
                f"given must be one of {', '.join(GIVEN)}, and better higher or lower. "
                f"Received: given={self.given!r}, better={self.better!r}"
            )

    @property
    def reading(self) -> str:
        """Range, direction and chance level of the score, in one phrase."""
        scale = f"{self.low:g} to {self.high:g}"
        if math.isinf(self.high):
            scale = f"{self.low:g} or more, without a bound"
        return f"{scale}, {self.better} is better; codes that say nothing: {self.chance}"

"""The error of a metric that has no value on the data it was given."""


class NotApplicable(ValueError):
    """A metric cannot say anything here: one factor, no factors, too few points.

    The data are sound, so a report lists the metric with this reason and goes on. Anything else
    that a metric raises is a mistake in its input, and stops the report.

    Example:
        >>> import numpy as np
        >>> from kerasvae import metrics
        >>> factors = np.arange(2000)[:, None] % 2
        >>> try:
        ...     metrics.modularity(factors, factors)
        ... except metrics.NotApplicable as reason:
        ...     print(str(reason)[:45])
        modularity asks whether a code holds one fact
    """

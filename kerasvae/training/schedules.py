"""Weights and capacities that change with the number of training steps."""

from keras import ops


def linear_ramp(step, start, end, steps):
    """A value that moves in a straight line from `start` to `end` and stays there.

    Formula:
        start + (end - start) min(step / steps, 1); with steps = 0 it is `end` from the beginning.

    Args:
        step: scalar, training steps taken so far.
        start: value at step 0.
        end: value from step `steps` on.
        steps: length of the ramp, a whole number of at least 0.

    Returns:
        Scalar float32 tensor.

    Example:
        >>> float(linear_ramp(25, 0.0, 4.0, 100))
        1.0
    """
    if steps == 0:
        return ops.convert_to_tensor(end, "float32")
    fraction = ops.minimum(ops.cast(step, "float32") / steps, 1.0)
    return start + (end - start) * fraction

"""When a network that is called outside of training is worth a compiler."""

from collections.abc import Callable

from kerasvae.backend import compiled

# Images from which on calling a network takes so long that tracing it pays.
MANY = 10_000


def for_many(fn: Callable, count: int) -> Callable:
    """The function itself for few images, a compiled one for many.

    Args:
        fn: of one batch, without side effects: `model.encode`, for instance.
        count: how many images it will see in all.
    """
    return fn if count < MANY else compiled(fn)

"""Networks of the papers' form with hidden layers of 32 units, for tests that are not about them.

A step, a start and a checkpoint of layers of 1,000 and 1,200 units take far longer than all else
that such tests do. The fixture `narrow` of conftest.py is for a file of tests; a process that they
start enters `narrow_networks` itself.
"""

import contextlib
import types

import keras

from kerasvae import networks

UNITS = 32
WIDE = (1000, 1200)


@contextlib.contextmanager
def narrow_networks():
    """Let the named networks, and the discriminators, have narrow layers for a while."""

    def dense(units, **options):
        return keras.layers.Dense(UNITS if units in WIDE else units, **options)

    before = networks.layers
    networks.layers = types.SimpleNamespace(**{**vars(before), "Dense": dense})
    try:
        yield
    finally:
        networks.layers = before

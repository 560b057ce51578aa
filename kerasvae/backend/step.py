"""The training steps of the backend in use."""

import keras

if keras.backend.backend() == "tensorflow":
    from kerasvae.backend.tensorflow import PlayersStep, TrainStep
else:
    from kerasvae.backend.jax import PlayersStep, TrainStep

__all__ = ["PlayersStep", "TrainStep"]

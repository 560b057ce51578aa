"""The training steps of the backend in use."""

import keras

if keras.backend.backend() == "tensorflow":
    from kerasvae.training.tensorflow import PlayersStep, TrainStep
else:
    from kerasvae.training.jax import PlayersStep, TrainStep

__all__ = ["PlayersStep", "TrainStep"]

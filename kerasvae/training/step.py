"""The training step of the backend in use."""

import keras

if keras.backend.backend() == "tensorflow":
    from kerasvae.training.tensorflow import TrainStep
else:
    from kerasvae.training.jax import TrainStep

__all__ = ["TrainStep"]

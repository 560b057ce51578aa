"""Let the shuffled stream of a data set begin where the model stands."""

import keras


class GoOn(keras.callbacks.Callback):
    """Set a stream to the number of steps that the model has taken, when training begins.

    It must not be set earlier: a callback such as BackupAndRestore loads the model's state at that
    moment. So a second `fit`, a loaded model and a restored training see the batches that come
    next, and not those of the beginning again.

    Args:
        batches: a `kerasvae.data.ImageBatches` with a seed.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        """Look at the model's steps, once."""
        self.batches.first_step = self.model.steps_taken

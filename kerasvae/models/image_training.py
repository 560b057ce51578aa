"""Keras's interface for models that learn from images alone: fit, evaluate, predict, compile."""

from contextlib import contextmanager

import keras
import numpy as np

from kerasvae.backend import scanned_steps
from kerasvae.data import as_dataset
from kerasvae.data.batches import ImageBatches
from kerasvae.data.parts import split
from kerasvae.training.go_on import GoOn
from kerasvae.training.guard import StopOnNonFinite
from kerasvae.training.players import optimizer_of_players, paper_optimizers


class ImageTraining:
    """Images in, checked before any step; no targets; the paper's optimizers by default.

    To be placed before keras.Model among the base classes. The class has an `image_shape`, a
    `seed`, `players()` and a `default_learning_rate`.
    """

    # Images in a step of fit() unless given.
    default_batch_size = 64

    # Whether fit() takes pairs of images; see `kerasvae.models.pair_vae`.
    learns_from_pairs = False

    def compile(self, optimizer=None, loss=None, **kwargs):
        """As `keras.Model.compile`, without a loss; the optimizers default to the paper's.

        Args:
            optimizer: any Keras optimizer or its name, of which each player of a model of several
                players gets a copy; a dict with one for each player; or None for the paper's,
                with the learning rate `default_learning_rate`.
            loss: must be None.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, ... That many steps
                (`steps_per_execution`) run as one program, from images on the device, if the images
                are an array, a data set in memory or the sprites of dSprites, which are drawn for
                it (`kerasvae.backend.scan` and `loop`). The batches are the same and, on a CPU, so
                are the results, to the last bit.

        Raises:
            ValueError: a loss or metrics were given, since the model brings its own; optimizers
                that do not fit the players; the dtype policy mixed_float16 for several players.
        """
        given = {"loss": loss, **kwargs}
        for name in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            kwargs.pop(name, None)
            if given.get(name) is not None:
                raise ValueError(
                    f"{type(self).__name__} brings its own loss and metrics: leave {name}= out of "
                    "compile(), or override objective() in a subclass. "
                    f"Received: {name}={given[name]!r}"
                )
        players = self.players()
        if len(players) > 1 and self.dtype_policy.name == "mixed_float16":
            raise ValueError(
                f"{type(self).__name__} trains several players, for which Keras cannot scale the "
                "loss as float16 needs. Use the policy mixed_bfloat16, which needs no scaling. "
                "Received: mixed_float16"
            )
        optimizer = optimizer_of_players(optimizer, players, self.default_learning_rate)
        super().compile(optimizer=optimizer, **kwargs)

    def make_optimizer(self, learning_rate):
        """The paper's optimizer at another learning rate, for `compile`.

        Args:
            learning_rate: a positive number.

        Returns:
            A Keras optimizer; for a model of several players a dict with one for each.
        """
        optimizers = paper_optimizers(self.players(), learning_rate)
        return optimizers if len(optimizers) > 1 else next(iter(optimizers.values()))

    def get_compile_config(self):
        """As Keras's, with the variables that the optimizer has: a layer may be frozen later."""
        config = super().get_compile_config()
        if not config:
            return config  # never compiled
        if self.optimizer.built:
            optimizers = getattr(self.optimizer, "optimizers", [self.optimizer])
            numbers = {id(variable): number for number, variable in enumerate(self.weights)}
            owned = [[numbers[id(v)] for v in o._trainable_variables] for o in optimizers]
            config["optimized"] = dict(zip(self.players(), owned, strict=True))
        return config

    def compile_from_config(self, config):
        """Compile as saved, with the optimizer's variables in place for its state."""
        config = dict(config)
        optimized = config.pop("optimized", None)
        self.compile(**keras.saving.deserialize_keras_object(config))
        variables = self.trainable_variables
        if optimized:
            weights, variables = self.weights, []
            for player, numbers in optimized.items():
                owned = [weights[number] for number in numbers]
                variables += owned
                if len(optimized) > 1:
                    self.optimizer._optimizer_map.add(player, owned)
        self.optimizer.build(variables)

    # A step of training, which is the backend's

    def images_of(self, data):
        """The images of a batch, as Keras hands it to a step."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse_targets(y, sample_weight)
        return x

    def turns(self, x):
        """Who trains in a step, in order: [(player, its optimizer, its images)]."""
        players = self.players()
        optimizers = [self.optimizer] if len(players) == 1 else self.optimizer.optimizers
        batches = self.player_batches(x)
        each = zip(players.items(), optimizers, strict=True)
        return [(player, optimizer, batches[name]) for (name, player), optimizer in each]

    def player_batches(self, x):
        """The images that each player trains on in a step: all of them, unless overridden.

        Args:
            x: (batch, H, W, C).

        Returns:
            {player's name: images}.
        """
        return dict.fromkeys(self.players(), x)

    # Keras's loops

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        **kwargs,
    ):
        """As `keras.Model.fit`, on images alone.

        Args:
            x: images in any form that `kerasvae.data.as_dataset` takes: an array (n, H, W, C) of
                floats in [0, 1], a data set of kerasvae.data, a Keras or tf.data dataset, a
                generator or another iterable of batches. A data set of kerasvae.data is shuffled
                by the model's seed, and a second `fit` goes on in its stream where the model
                stands.
            y: must be None.
            batch_size: images in a step; if not given, the model's `default_batch_size`, mostly 64.
            epochs, verbose, validation_split, shuffle, **kwargs: as in Keras.
            callbacks: Keras callbacks; one that stops on NaN is always added.
            validation_data: images, as for x.

        Returns:
            A keras History with one entry per term and epoch.

        Raises:
            ValueError: images that do not fit, before any step.
            FloatingPointError: a term became NaN; the weights are those of the last good step.
        """
        self._refuse_targets(y, kwargs.get("sample_weight"))
        if kwargs.pop("class_weight", None) is not None:
            raise ValueError(
                f"{type(self).__name__} learns from images alone, which have no classes: leave "
                "class_weight= out of fit()."
            )
        images = self.training_data(x, "x")
        self.prepare_fit(images, validation_split)
        callbacks = keras.tree.flatten(callbacks or [])
        if images.kind == "dataset":
            steps_per_epoch = kwargs.pop("steps_per_epoch", None)
            if validation_split:
                images, validation_data = split(images, validation_split)
                validation_split = 0.0
            scanned = scanned_steps(self, images)
            batches = self._stream(images, batch_size, steps_per_epoch)
            callbacks = [*callbacks, GoOn(batches)]  # last: another may load the model's state
            x, batch_size, shuffle = batches, None, False
        else:
            # Keras splits and judges images, not indices.
            scanned = None if validation_split else scanned_steps(self, images)
            x = images.for_keras(steps_per_epoch=kwargs.get("steps_per_epoch"))
            batch_size = (batch_size or self.default_batch_size) if images.kind == "array" else None
            shuffle = shuffle and images.keras_may_shuffle
            if scanned is not None and images.kind == "array":
                x = np.arange(images.length, dtype="int32")  # Keras shuffles them as images
        if validation_data is not None:
            validation_data = self.judged_data(validation_data, "validation_data")
            validation_data = validation_data.for_keras(batch_size or self.default_batch_size)
        # The guard comes first: no other callback saves or logs what it refuses.
        guard = StopOnNonFinite(self.term_names)
        with _training_by(self, scanned, x):
            return super().fit(
                x,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=[guard, *self.watchers(), *callbacks],
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                **kwargs,
            )

    def training_data(self, x, name):
        """What `fit` was given, as a checked `kerasvae.data.ImageSource`."""
        return as_dataset(x, self.image_shape, name)

    def judged_data(self, x, name):
        """What `evaluate` was given, as a checked `kerasvae.data.ImageSource`."""
        return as_dataset(x, self.image_shape, name)

    def _stream(self, images, batch_size, steps_per_epoch):
        """A shuffled stream of a data set, from the model's seed or from Keras's global one."""
        seed = self.seed
        if seed is None:
            seed = int(keras.random.randint((), 0, 2**31 - 1))
        return images.stream(
            batch_size or self.default_batch_size, seed=seed, steps_per_epoch=steps_per_epoch
        )

    def prepare_fit(self, x, validation_split=0.0):
        """For objectives that depend on the training data as a whole; called before any step.

        Args:
            x: the training data, as for `fit` or as `kerasvae.data.as_dataset` returned it.
            validation_split: the share of it, at its end, that is not trained on.
        """

    def watchers(self):
        """Further callbacks of every `fit`, for an objective whose log needs a comment."""
        return []

    def check_ready(self):
        """For objectives that must have seen their training data; called before `evaluate`."""

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """As `keras.Model.evaluate`: the mean of each term, on images as for `fit`."""
        self._refuse_targets(y, kwargs.get("sample_weight"))
        self.check_ready()
        images = self.judged_data(x, "images")
        x, batch_size = self._in_order(images, batch_size, kwargs.get("steps"))
        return super().evaluate(x, batch_size=batch_size, **kwargs)

    def predict(self, x, batch_size=None, **kwargs):
        """As `keras.Model.predict`: the dict of `call`, in numpy, on images as for `fit`."""
        images = as_dataset(x, self.image_shape, "images")
        x, batch_size = self._in_order(images, batch_size, kwargs.get("steps"))
        return super().predict(x, batch_size=batch_size, **kwargs)

    def _in_order(self, images, batch_size, steps):
        """Images in the form that Keras evaluates or predicts, and the batch size to pass on."""
        x = images.for_keras(batch_size or self.default_batch_size, steps)
        return x, batch_size if images.kind == "array" else None

    def export(self, filepath, format="tf_saved_model", input_signature=None, **kwargs):
        """As `keras.Model.export`; the signature is that of a batch of images unless given."""
        if input_signature is None:
            input_signature = [keras.InputSpec(shape=(None, *self.image_shape), dtype="float32")]
        self.draws_any_batch = True
        try:
            return super().export(filepath, format, input_signature=input_signature, **kwargs)
        finally:
            self.draws_any_batch = False

    def _refuse_targets(self, y, sample_weight):
        if y is None and sample_weight is None:
            return
        raise ValueError(
            f"{type(self).__name__} learns from images alone: call fit(images), without targets "
            f"and sample weights. Received: {'sample_weight' if y is None else 'targets y'}"
        )


@contextmanager
def _training_by(model, scanned, batches):
    """Train by scanned steps, if there are any, from indices in place of images."""
    if scanned is None:
        yield
        return
    before, model.train_function = model.train_function, scanned
    if isinstance(batches, ImageBatches):
        batches.gives_indices = True
    try:
        yield
    finally:
        model.train_function = before
        if isinstance(batches, ImageBatches):
            batches.gives_indices = False

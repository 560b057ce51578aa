"""Keras's interface for models that learn from images alone: fit, evaluate, predict, compile."""

import keras
import numpy as np

from kerasvae.checks import check_images
from kerasvae.training.guard import StopOnNonFinite
from kerasvae.training.players import optimizer_of_players, paper_optimizers


class ImageTraining:
    """Images in, checked before any step; no targets; the paper's optimizers by default.

    To be placed before keras.Model among the base classes. The class has an `image_shape`, a
    `seed`, `players()` and a `default_learning_rate`.
    """

    # Images in a step of fit() unless given.
    default_batch_size = 64

    def compile(self, optimizer=None, loss=None, **kwargs):
        """As `keras.Model.compile`, without a loss; the optimizers default to the paper's.

        Args:
            optimizer: any Keras optimizer or its name, of which each player of a model of several
                players gets a copy; a dict with one for each player; or None for the paper's,
                with the learning rate `default_learning_rate`.
            loss: must be None.
            **kwargs: `jit_compile`, `steps_per_execution`, `run_eagerly`, ...

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
        """As Keras's, and which variables the optimizer was built for: a layer may be frozen."""
        config = super().get_compile_config()
        if not config:
            return config  # never compiled
        optimizers = getattr(self.optimizer, "optimizers", [self.optimizer])
        owned = [v for o in optimizers for v in getattr(o, "_trainable_variables", None) or ()]
        if owned:
            known = {id(variable) for variable in owned}
            weights = enumerate(self.weights)
            config["optimized"] = [number for number, v in weights if id(v) in known]
        return config

    def compile_from_config(self, config):
        """Compile as saved, with the optimizer's variables in place for its state."""
        config = dict(config)
        numbers = config.pop("optimized", None)
        self.compile(**keras.saving.deserialize_keras_object(config))
        variables = self.trainable_variables
        if numbers is not None:
            weights = self.weights
            variables = [weights[number] for number in numbers]
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
            x: images (n, H, W, C) float in [0, 1], a data set of kerasvae.data, or any Keras or
                tf.data dataset of image batches.
            y: must be None.
            batch_size: images in a step; 64 unless given (see the model's `default_batch_size`).
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
        if hasattr(x, "keras_dataset"):
            x = self._stream(x, batch_size, kwargs.pop("steps_per_epoch", None))
        self._check_images(x, "x")
        self.prepare_fit(x, validation_split)
        if validation_data is not None:
            validation_data = self._in_order(validation_data, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size, shuffle = None, False  # the data set brings both
        elif isinstance(x, np.ndarray):
            batch_size = batch_size or self.default_batch_size
        # The guard comes first: no other callback saves or logs what it refuses.
        guard = StopOnNonFinite(self.term_names)
        return super().fit(
            x,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=[guard, *keras.tree.flatten(callbacks or [])],
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            **kwargs,
        )

    def _stream(self, dataset, batch_size, steps_per_epoch):
        """A shuffled stream of a data set, from the model's seed or from Keras's global one."""
        seed = self.seed
        if seed is None:
            seed = int(keras.random.randint((), 0, 2**31 - 1))
        return dataset.keras_dataset(
            batch_size or self.default_batch_size, seed=seed, steps_per_epoch=steps_per_epoch
        )

    def prepare_fit(self, x, validation_split=0.0):
        """For objectives that depend on the training data as a whole; called before any step.

        Args:
            x: the checked training data: an array, a Keras PyDataset, or what Keras takes.
            validation_split: the share of it, at its end, that is not trained on.
        """

    def check_ready(self):
        """For objectives that must have seen their training data; called before `evaluate`."""

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """As `keras.Model.evaluate`: the mean of each term, on images as for `fit`."""
        self._refuse_targets(y, kwargs.get("sample_weight"))
        self.check_ready()
        x = self._in_order(x, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size = None
        return super().evaluate(x, batch_size=batch_size, **kwargs)

    def predict(self, x, batch_size=None, **kwargs):
        """As `keras.Model.predict`: the dict of `call`, in numpy, on images as for `fit`."""
        x = self._in_order(x, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            batch_size = None
        return super().predict(x, batch_size=batch_size, **kwargs)

    def _in_order(self, x, batch_size):
        """Images as Keras takes them to evaluate or predict: checked, every one once."""
        if hasattr(x, "keras_dataset"):
            x = x.keras_dataset(batch_size or self.default_batch_size, seed=None)
        self._check_images(x, "images")
        return x

    def _check_images(self, x, name):
        if isinstance(x, keras.utils.PyDataset):
            x = x[0]
        elif not hasattr(x, "shape") and hasattr(x, "__iter__") and not isinstance(x, list | tuple):
            return  # tf.data and generators would be used up; the guard watches their batches
        check_images(x, self.image_shape, name)

    def _refuse_targets(self, y, sample_weight):
        if y is None and sample_weight is None:
            return
        raise ValueError(
            f"{type(self).__name__} learns from images alone: call fit(images), without targets "
            f"and sample weights. Received: {'sample_weight' if y is None else 'targets y'}"
        )

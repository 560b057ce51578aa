"""Models of several players: each has its own variables, its own loss and its own optimizer."""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras.optimizers import MultiOptimizer


class Player(NamedTuple):
    """One side of a game.

    Args:
        variables: what it trains; no variable belongs to two players.
        loss: loss(images, training=) -> the scalar that it minimises, in nats; it tracks its terms.
        optimizer: optimizer(learning_rate) -> the paper's optimizer for it.
    """

    variables: list
    loss: Callable
    optimizer: Callable


@keras.saving.register_keras_serializable("kerasvae")
class OptimizerOfPlayer:
    """For Keras's MultiOptimizer: which optimizer a variable belongs to, by its player.

    Keras's own OptimizerMap goes by patterns of variable names, which change from one process to
    the next and may be the user's.

    Args:
        optimizers: {player's name: Keras optimizer}.
        players: {player's name: Player}; left out when it is read from a file.
    """

    def __init__(self, optimizers: dict, players: dict | None = None):
        self.optimizers = optimizers
        self._player_of = {
            id(variable): name
            for name, player in (players or {}).items()
            for variable in player.variables
        }

    def values(self):
        """The optimizers, in the order of the players."""
        return self.optimizers.values()

    def __call__(self, variable):
        return self.optimizers[self._player_of[id(variable)]]

    def get_config(self):
        """The optimizers; the variables are the model's."""
        serialize = keras.saving.serialize_keras_object
        return {"optimizers": {name: serialize(o) for name, o in self.optimizers.items()}}

    @classmethod
    def from_config(cls, config):
        """The optimizers, without variables."""
        restore = keras.saving.deserialize_keras_object
        return cls({name: restore(o) for name, o in config["optimizers"].items()})


def optimizers_by_player(optimizer, players: dict, learning_rate: float) -> dict:
    """An optimizer for each player.

    Args:
        optimizer: None for the paper's; one Keras optimizer or its name, of which each player
            gets a copy; or {player's name: optimizer}.
        players: {name: Player}.
        learning_rate: for the paper's optimizers.

    Raises:
        ValueError: a name that is no player's, or a player without an optimizer.
    """
    if optimizer is None:
        return {name: player.optimizer(learning_rate) for name, player in players.items()}
    if isinstance(optimizer, MultiOptimizer):  # from a saved model, or from compile() before
        optimizer = getattr(optimizer._optimizer_map, "optimizers", None)
    if isinstance(optimizer, dict):
        if set(optimizer) == set(players):
            return {name: keras.optimizers.get(optimizer[name]) for name in players}
        received = f"{{{', '.join(map(repr, optimizer))}}}"
    elif optimizer is None:
        received = "a MultiOptimizer, which maps names of variables"
    else:
        config = keras.optimizers.serialize(keras.optimizers.get(optimizer))
        return {
            name: keras.optimizers.deserialize(
                {**config, "config": {**config["config"], "name": name}}
            )
            for name in players
        }
    raise ValueError(
        "optimizer must be one Keras optimizer, of which each player gets a copy, or a dict with "
        f"one for each of {', '.join(map(repr, players))}. Received: {received}"
    )


class Players:
    """What models of several players share on every backend; the step itself is per backend.

    The class has a `players()` that returns {name: Player}: the first one's loss is shown as the
    model's. To be placed, through `kerasvae.backend.step.PlayersStep`, before keras.Model.
    """

    def compile(self, optimizer=None, **kwargs):
        """As `keras.Model.compile`, with an optimizer for each player.

        Args:
            optimizer: None for the paper's; one Keras optimizer, of which each player gets a copy;
                or a dict with one for each player.
            **kwargs: `jit_compile`, `steps_per_execution`, ...

        Raises:
            ValueError: optimizers that do not fit the players, or the dtype policy mixed_float16.
        """
        if self.dtype_policy.name == "mixed_float16":
            raise ValueError(
                f"{type(self).__name__} trains several players, for which Keras cannot scale the "
                "loss as float16 needs. Use the policy mixed_bfloat16, which needs no scaling. "
                "Received: mixed_float16"
            )
        players = self.players()
        optimizers = optimizers_by_player(optimizer, players, self.default_learning_rate)
        optimizer = MultiOptimizer(OptimizerOfPlayer(optimizers, players))
        super().compile(optimizer=optimizer, **kwargs)

    def make_optimizer(self, learning_rate):
        """The paper's optimizers at another learning rate, for `compile`."""
        return optimizers_by_player(None, self.players(), learning_rate)

    def player_batches(self, x):
        """The images that each player trains on in a step: all of them, unless overridden.

        Args:
            x: (batch, H, W, C).

        Returns:
            {player's name: images}.
        """
        return dict.fromkeys(self.players(), x)

    def variables_outside(self, network):
        """The model's trainable variables that are not a network's."""
        inside = {id(variable) for variable in network.variables}
        return [variable for variable in self.trainable_variables if id(variable) not in inside]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The first player's loss on a batch, with every player's terms tracked: for `evaluate`."""
        self._refuse_targets(y, sample_weight)
        losses = [player.loss(x, training=training) for player in self.players().values()]
        return losses[0]

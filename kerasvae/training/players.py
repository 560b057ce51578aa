"""A model as a game: each player has its own variables, its own loss and its own optimizer.

A VAE is a game of one player; FactorVAE, the adversarial autoencoder and InfoGAN name two. The
training step, in `kerasvae.backend`, lets them take turns on every batch.
"""

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
        layer_losses: layer_losses() -> the list of losses that its own layers added in the last
            pass: regularisers of weights and of activities.
    """

    variables: list
    loss: Callable
    optimizer: Callable
    layer_losses: Callable

    def total_loss(self, images, training):
        """Its loss on a batch, with what its own layers add: scalar float32."""
        loss = self.loss(images, training=training)
        return sum(self.layer_losses(), start=loss)


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

    def add(self, player: str, variables: list) -> None:
        """Let further variables belong to a player, which trained them before they were frozen."""
        self._player_of.update({id(variable): player for variable in variables})

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


def optimizer_of_players(optimizer, players: dict, learning_rate: float):
    """One Keras optimizer for a game: the player's own, or a MultiOptimizer of several.

    Args:
        optimizer: None for the paper's; one Keras optimizer or its name, of which each of several
            players gets a copy; or {player's name: optimizer}.
        players: {name: Player}.
        learning_rate: for the paper's optimizers.

    Raises:
        ValueError: a name that is not a player's, or a player without an optimizer.
    """
    if optimizer is None:
        optimizer = paper_optimizers(players, learning_rate)
    if len(players) == 1 and not isinstance(optimizer, dict):
        return optimizer
    optimizers = optimizers_by_player(optimizer, players)
    if len(players) == 1:
        (optimizer,) = optimizers.values()
        return optimizer
    return MultiOptimizer(OptimizerOfPlayer(optimizers, players))


def paper_optimizers(players: dict, learning_rate: float) -> dict:
    """The paper's optimizer of each player, by name."""
    return {name: player.optimizer(learning_rate) for name, player in players.items()}


def optimizers_by_player(optimizer, players: dict) -> dict:
    """An optimizer for each player; arguments and errors as for `optimizer_of_players`."""
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

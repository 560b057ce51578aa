"""What the training benchmark compares: the setups, the objectives, and who runs them.

This file imports no framework: each contender runs in a process of its own, so that its peak
memory is its own, and imports only what it needs there.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LEARNING_RATE = 5e-4


class Absent(Exception):
    """A contender that cannot run here; the message says what to do about it."""


@dataclass(frozen=True)
class Setup:
    """The network, the images and the batch, the same for all contenders.

    Args:
        network: "burgess" or "mlp".
        data: name of the images in kerasvae.data.
        image_shape: (H, W, C).
        batch_size: images a step.
        steps: timed steps a round.
        latent_dim: D.
    """

    network: str
    data: str
    image_shape: tuple[int, int, int]
    batch_size: int
    steps: int
    latent_dim: int = 10


SETUPS = {
    "burgess": Setup("burgess", "dsprites", (64, 64, 1), batch_size=64, steps=40),
    "mlp": Setup("mlp", "dsprites-mini", (32, 32, 1), batch_size=128, steps=120),
}


@dataclass(frozen=True)
class Objective:
    """One objective in all three programs, with the same weights.

    Args:
        plain: reconstruction (batch,), kl (batch,) -> what is minimised (batch,).
        weights: arguments of the class of that name in `kerasvae.models.BY_NAME`.
        peer: name of pythae's class.
        peer_weights: arguments of pythae's configuration of that class.
    """

    plain: Callable
    peer: str
    weights: dict = field(default_factory=dict)
    peer_weights: dict = field(default_factory=dict)


OBJECTIVES = {
    "vae": Objective(lambda reconstruction, kl: reconstruction + kl, "VAE"),
    "beta-vae": Objective(
        lambda reconstruction, kl: reconstruction + 4 * kl, "BetaVAE", {"beta": 4}, {"beta": 4.0}
    ),
}


@dataclass(frozen=True)
class Clock:
    """A moment: seconds of the wall clock, and seconds this process has kept cores busy.

    Other programs on the machine lengthen the first and hardly touch the second.
    """

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        """This moment."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, begin: "Clock") -> "Clock":
        """What passed since `begin`."""
        return Clock(self.wall - begin.wall, self.cpu - begin.cpu)


@dataclass(frozen=True)
class Timing:
    """What a number of steps took, and their mean loss in nats."""

    passed: Clock
    loss: float


@dataclass(frozen=True)
class Trainable:
    """A contender that is ready to run.

    Args:
        run: run(steps) trains and returns a Timing; what happens once a call, such as starting
            the input pipeline, is not in it.
        parameters: how many numbers it trains.
        runs_on: device, versions and settings, for the table.
    """

    run: Callable[[int], Timing]
    parameters: int
    runs_on: str


# Name in the table: the function that makes it, as "module:function" of this package. It takes
# (setup, objective's name, images (n, H, W, C) float32 in memory) and returns a Trainable.
CONTENDERS = {
    "kerasvae": "library:from_memory",
    "plain Keras": "plain_keras:from_memory",
    "kerasvae, fed by load()": "library:from_dataset",
    "kerasvae, fed by load(cached=True)": "library:from_cache",
    "pythae, own trainer": "torch_peer:own_trainer",
    "pythae, plain loop": "torch_peer:plain_loop",
}


def make(name: str, setup: Setup, objective: str, images) -> Trainable:
    """A contender by its name in the table."""
    module, function = CONTENDERS[name].split(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)(
        setup, objective, images
    )

"""What the training benchmark compares: the setups, the objectives, and who runs them.

This file imports no framework: each contender runs in a process of its own, so that its peak
memory is its own, and imports only what it needs there.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field


class Absent(Exception):
    """A contender that cannot run here; the message says what to do about it."""


@dataclass(frozen=True)
class Setup:
    """The network, the images and the batch, the same for all contenders.

    Args:
        network: "burgess" or "mlp".
        data: name of the images in kerasvae.data.
        image_shape: (H, W, C).
        batch_size: images a step; twice as many for an objective of two batches.
        steps: timed steps a round.
        latent_dim: D.
        dtype: Keras's policy, "float32" or "mixed_bfloat16".
        jit_compile: whether Keras compiles with XLA, or "auto" for its own choice.
    """

    network: str
    data: str
    image_shape: tuple[int, int, int]
    batch_size: int
    steps: int
    latent_dim: int = 10
    dtype: str = "float32"
    jit_compile: str | bool = "auto"


SETUPS = {
    "burgess": Setup("burgess", "dsprites", (64, 64, 1), batch_size=64, steps=24),
    "mlp": Setup("mlp", "dsprites-mini", (32, 32, 1), batch_size=128, steps=120),
}


@dataclass(frozen=True)
class Objective:
    """One objective in all programs, with the same weights.

    Plain Keras has it if `plain_objectives` or `plain_players` has a function of its name.

    Args:
        weights: arguments of the class of its model.
        peer: name of pythae's class, or a sentence on why there is none to compare with.
        peer_weights: arguments of pythae's configuration of that class.
        batches: of how many batches a step is made: two if the discriminator has its own.
        learning_rate: of Adam.
        model: its name in `kerasvae.models.BY_NAME`, if that is not the objective's.
    """

    weights: dict
    peer: str
    peer_weights: dict = field(default_factory=dict)
    batches: int = 1
    learning_rate: float = 5e-4
    model: str | None = None


OBJECTIVES = {
    "vae": Objective({}, "VAE"),
    "beta-vae": Objective({"beta": 4}, "BetaVAE", {"beta": 4.0}),
    "annealed-vae": Objective(
        {"gamma": 100, "capacity": 25}, "none: pythae's takes |kl - C| image by image"
    ),
    "dip-vae": Objective({"lambda_od": 10}, "none: pythae has no DIP-VAE"),
    # Its bandwidth is the standard deviation to our length squared: 2 D 5 = D^2 for D = 10.
    "info-vae": Objective(
        {"lambda_mmd": 1000},
        "INFOVAE_MMD",
        {"kernel_choice": "rbf", "alpha": 0.0, "lbd": 1000.0, "kernel_bandwidth": 5**0.5},
    ),
    "beta-tcvae": Objective({"beta": 6, "dataset_size": 737_280}, "BetaTCVAE", {"beta": 6.0}),
    "beta-tcvae-bank": Objective(
        {"beta": 6, "estimator": "bank", "dataset_size": 737_280},
        "none: pythae has no bank",
        model="beta-tcvae",
    ),
    "factor-vae": Objective({"gamma": 35}, "FactorVAE", {"gamma": 35.0}, 2, 1e-4),
    "adversarial-autoencoder": Objective(
        {"gamma": 10}, "none: pythae's discriminator is another, of one probability"
    ),
    "infogan": Objective({}, "none: pythae has no InfoGAN"),
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
        flops: model FLOPs of a step, where the contender counts them.
    """

    run: Callable[[int], Timing]
    parameters: int
    runs_on: str
    flops: int = 0


# Name in the table: the function that makes it, as "module:function" of this package. It takes
# (setup, objective's name, images (n, H, W, C) float32 in memory) and returns a Trainable.
CONTENDERS = {
    "kerasvae": "library:from_memory",
    "plain Keras": "plain_keras:from_memory",
    "kerasvae, fed by load()": "library:from_dataset",
    "kerasvae, fed by load(cached=True)": "library:from_cache",
    "pythae, own trainer": "torch_peer:own_trainer",
    "pythae, plain loop": "torch_peer:plain_loop",
    "torch, by hand": "torch_plain:by_hand",
}

# Feeding is the same for every objective, so by default it is measured with this one.
FED = "vae"


def default_contenders(objective: str) -> list[str]:
    """The names of the contenders that a comparison has unless it is told otherwise."""
    return [name for name in CONTENDERS if ", fed by" not in name or objective == FED]


def make(name: str, setup: Setup, objective: str, images) -> Trainable:
    """A contender by its name in the table."""
    module, function = CONTENDERS[name].split(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)(
        setup, objective, images
    )

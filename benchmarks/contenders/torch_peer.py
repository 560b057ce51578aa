"""The PyTorch peer: pythae's models with the same networks, batch and optimizer.

To be fair to it: its models and losses are its own; the progress bar and the console printer are
off and no checkpoints are written; PyTorch has as many threads as it takes by itself, one for each
physical core. (Tried on two cores: one thread, channels_last and the fused or foreach Adam do not
make a step faster.) The decoder ends in a sigmoid because pythae's loss takes probabilities.

Its FactorVAE splits a batch at random into one half for each player, as ours does into even and
odd images. It has one layer less by default and gets the paper's six. Both losses come from one
forward pass, and the discriminator's also reaches the encoder: its algorithm, timed as it is.
"""

import logging

from contenders import OBJECTIVES, Absent, Clock, Timing, Trainable, torch_networks
from contenders.torch_networks import DEVICE, channels_first, runs_on, torch

try:
    import pythae.models
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder
    from pythae.trainers import (
        AdversarialTrainer,
        AdversarialTrainerConfig,
        BaseTrainer,
        BaseTrainerConfig,
    )
    from pythae.trainers.training_callbacks import CallbackHandler
except ImportError as error:
    raise Absent(f"not installed: pip install 'kerasvae[benchmark]' ({error})") from error


class Encoder(BaseEncoder):
    """Images to the mean and the log-variance of q(z|x)."""

    def __init__(self, setup):
        super().__init__()
        self.network = torch_networks.encoder(setup)

    def forward(self, x):
        """What pythae wants of an encoder."""
        loc, log_variance = self.network(x).chunk(2, dim=1)
        return ModelOutput(embedding=loc, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """Codes to the probabilities of the pixels."""

    def __init__(self, setup):
        super().__init__()
        self.network = torch.nn.Sequential(torch_networks.decoder(setup), torch.nn.Sigmoid())

    def forward(self, z):
        """What pythae wants of a decoder."""
        return ModelOutput(reconstruction=self.network(z))


class Discriminator(BaseDiscriminator):
    """Codes to two logits."""

    def __init__(self, latent_dim):
        super().__init__()
        self.network = torch_networks.discriminator(latent_dim)

    def forward(self, z):
        """What pythae's FactorVAE wants of a discriminator."""
        return self.network(z)


def own_trainer(setup, objective, images) -> Trainable:
    """pythae's trainer, epoch by epoch, over its own data set and loader."""
    logging.disable(logging.WARNING)
    model = _model(setup, objective)
    data = channels_first(images)
    two_players = hasattr(model, "discriminator")

    def run(steps):
        dataset = BaseDataset(data[: steps * setup.batch_size], torch.zeros(len(data)))
        make = _adversarial_trainer if two_players else _trainer
        trainer = make(model, dataset, setup.batch_size, OBJECTIVES[objective].learning_rate)
        trainer.callback_handler = CallbackHandler([], model)
        begin = Clock.now()
        losses = trainer.train_step(epoch=1)
        return Timing(Clock.now().since(begin), losses[1] if two_players else losses)

    return _trainable(run, model)


# prepare_training() would also make a folder and a progress bar.


def _trainer(model, dataset, batch_size, learning_rate):
    config = BaseTrainerConfig(per_device_train_batch_size=batch_size, learning_rate=learning_rate)
    trainer = BaseTrainer(model, dataset, training_config=config)
    trainer.set_optimizer()
    return trainer


def _adversarial_trainer(model, dataset, batch_size, learning_rate):
    config = AdversarialTrainerConfig(
        per_device_train_batch_size=batch_size,
        autoencoder_learning_rate=learning_rate,
        discriminator_learning_rate=learning_rate,
        discriminator_optimizer_params={"betas": (0.5, 0.9)},
    )
    trainer = AdversarialTrainer(model, dataset, training_config=config)
    trainer.set_autoencoder_optimizer()
    trainer.set_discriminator_optimizer()
    return trainer


def plain_loop(setup, objective, images) -> Trainable:
    """pythae's model in a loop that slices whole batches from a tensor: the least it can cost."""
    model = _model(setup, objective)
    data = channels_first(images).to(DEVICE)
    rate = OBJECTIVES[objective].learning_rate
    if hasattr(model, "discriminator"):
        update = _two_players(model, rate)
    else:
        update = _one_player(model, rate)

    def run(steps):
        order = torch.randperm(len(data), device=DEVICE)[: steps * setup.batch_size]
        total = torch.zeros((), device=DEVICE)
        begin = Clock.now()
        for batch in order.split(setup.batch_size):
            total += update(model({"data": data[batch]}, epoch=1, dataset_size=len(data)))
        mean = float(total) / steps
        return Timing(Clock.now().since(begin), mean)

    return _trainable(run, model)


def _one_player(model, rate):
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)

    def update(output):
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
        return output.loss.detach()

    return update


def _two_players(model, rate):
    """As pythae's trainer does it, which needs both backward passes before either step."""
    vae = [*model.encoder.parameters(), *model.decoder.parameters()]
    optimizer = torch.optim.Adam(vae, lr=rate)
    judge = torch.optim.Adam(model.discriminator.parameters(), lr=rate, betas=(0.5, 0.9))

    def update(output):
        optimizer.zero_grad()
        output.autoencoder_loss.backward(retain_graph=True)
        judge.zero_grad()
        output.discriminator_loss.backward()
        optimizer.step()
        judge.step()
        return output.autoencoder_loss.detach()

    return update


def _model(setup, objective):
    entry = OBJECTIVES[objective]
    if entry.peer.startswith("none"):
        raise Absent(entry.peer)
    if setup.dtype != "float32":
        raise Absent("float32 alone: its losses take probabilities, which autocast refuses")
    height, width, channels = setup.image_shape
    config = getattr(pythae.models, f"{entry.peer}Config", None) or getattr(
        pythae.models, f"{entry.peer}_Config"
    )
    model = getattr(pythae.models, entry.peer)(
        config(
            input_dim=(channels, height, width),
            latent_dim=setup.latent_dim,
            reconstruction_loss="bce",
            **entry.peer_weights,
        ),
        Encoder(setup),
        Decoder(setup),
    )
    if entry.batches == 2:
        model.set_discriminator(Discriminator(setup.latent_dim))
    model.device = DEVICE
    return model.to(DEVICE).train()


def _trainable(run, model) -> Trainable:
    parameters = sum(weight.numel() for weight in model.parameters())
    return Trainable(run, parameters, runs_on())

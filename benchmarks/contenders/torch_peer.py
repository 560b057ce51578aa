"""The PyTorch peer: pythae's models with the same networks, batch and optimizer.

To be fair to it: its models and losses are its own; the progress bar and the console printer are
off and no checkpoints are written; PyTorch has as many threads as it takes by itself, one for each
physical core. (Tried on two cores: one thread, channels_last and the fused or foreach Adam do not
make a step faster.) The decoder ends in a sigmoid because pythae's loss takes probabilities.
"""

import logging

from contenders import LEARNING_RATE, OBJECTIVES, Absent, Clock, Timing, Trainable

try:
    import pythae.models
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import CallbackHandler
    from torch import nn
except ImportError as error:
    raise Absent(f"not installed: pip install 'kerasvae[benchmark]' ({error})") from error

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Encoder(BaseEncoder):
    """Images to the mean and the log-variance of q(z|x)."""

    def __init__(self, setup):
        super().__init__()
        height, width, channels = setup.image_shape
        layers = []
        if setup.network == "burgess":
            for inputs in (channels, 32, 32, 32):
                layers += [nn.Conv2d(inputs, 32, 4, stride=2, padding=1), nn.ReLU()]
            units = [height // 16 * (width // 16) * 32, 256, 256]
        else:
            units = [height * width * channels, 1200, 1200]
        layers.append(nn.Flatten())
        for inputs, outputs in zip(units, units[1:], strict=False):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.network = nn.Sequential(*layers, nn.Linear(units[-1], 2 * setup.latent_dim))

    def forward(self, x):
        """What pythae wants of an encoder."""
        loc, log_variance = self.network(x).chunk(2, dim=1)
        return ModelOutput(embedding=loc, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """Codes to the probabilities of the pixels."""

    def __init__(self, setup):
        super().__init__()
        height, width, channels = setup.image_shape
        layers = []
        if setup.network == "burgess":
            side = height // 16
            units, activation = [setup.latent_dim, 256, 256, side * side * 32], nn.ReLU
        else:
            units, activation = [setup.latent_dim, 1200, 1200, 1200], nn.Tanh
        for inputs, outputs in zip(units, units[1:], strict=False):
            layers += [nn.Linear(inputs, outputs), activation()]
        if setup.network == "burgess":
            layers.append(nn.Unflatten(1, (32, side, side)))
            for _ in range(3):
                layers += [nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1), nn.ReLU()]
            layers.append(nn.ConvTranspose2d(32, channels, 4, stride=2, padding=1))
        else:
            layers.append(nn.Linear(1200, height * width * channels))
            layers.append(nn.Unflatten(1, (channels, height, width)))
        self.network = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, z):
        """What pythae wants of a decoder."""
        return ModelOutput(reconstruction=self.network(z))


def own_trainer(setup, objective, images) -> Trainable:
    """pythae's BaseTrainer, epoch by epoch, over its own data set and loader."""
    logging.disable(logging.WARNING)
    model = _model(setup, objective)
    data = _channels_first(images)
    config = BaseTrainerConfig(
        per_device_train_batch_size=setup.batch_size,
        learning_rate=LEARNING_RATE,
    )

    def run(steps):
        dataset = BaseDataset(data[: steps * setup.batch_size], torch.zeros(len(data)))
        trainer = BaseTrainer(model, dataset, training_config=config)
        trainer.set_optimizer()  # prepare_training() would also make a folder and a progress bar
        trainer.callback_handler = CallbackHandler([], model)
        begin = Clock.now()
        loss = trainer.train_step(epoch=1)
        return Timing(Clock.now().since(begin), loss)

    return _trainable(run, model)


def plain_loop(setup, objective, images) -> Trainable:
    """pythae's model in a loop that slices whole batches from a tensor: the least it can cost."""
    model = _model(setup, objective)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    data = _channels_first(images).to(DEVICE)

    def run(steps):
        order = torch.randperm(len(data), device=DEVICE)[: steps * setup.batch_size]
        total = torch.zeros((), device=DEVICE)
        begin = Clock.now()
        for batch in order.split(setup.batch_size):
            loss = model({"data": data[batch]}, epoch=1, dataset_size=len(data)).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        mean = float(total) / steps
        return Timing(Clock.now().since(begin), mean)

    return _trainable(run, model)


def _model(setup, objective):
    entry = OBJECTIVES[objective]
    height, width, channels = setup.image_shape
    config = getattr(pythae.models, f"{entry.peer}Config")(
        input_dim=(channels, height, width),
        latent_dim=setup.latent_dim,
        reconstruction_loss="bce",
        **entry.peer_weights,
    )
    model = getattr(pythae.models, entry.peer)(config, Encoder(setup), Decoder(setup))
    model.device = DEVICE
    return model.to(DEVICE).train()


def _channels_first(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def _trainable(run, model) -> Trainable:
    parameters = sum(weight.numel() for weight in model.parameters())
    device = torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU"
    threads = torch.get_num_threads()
    return Trainable(run, parameters, f"torch {torch.__version__}, {device}, {threads} threads")

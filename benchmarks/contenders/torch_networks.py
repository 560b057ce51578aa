"""The benchmark's networks in PyTorch, weight for weight those of the Keras contenders."""

from contenders import Absent

try:
    import torch
    from torch import nn
except ImportError as error:
    raise Absent(f"not installed: pip install 'kerasvae[benchmark]' ({error})") from error

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def encoder(setup) -> nn.Sequential:
    """Images (batch, C, H, W) to mean and log-variance, (batch, 2 D)."""
    height, width, channels = setup.image_shape
    layers = []
    if setup.network == "burgess":
        for inputs in (channels, 32, 32, 32):
            layers += [nn.Conv2d(inputs, 32, 4, stride=2, padding=1), nn.ReLU()]
        units = [height // 16 * (width // 16) * 32, 256, 256]
    else:
        units = [height * width * channels, 1200, 1200]
    hidden = dense(units, nn.ReLU)
    return nn.Sequential(*layers, nn.Flatten(), *hidden, nn.Linear(units[-1], 2 * setup.latent_dim))


def decoder(setup) -> nn.Sequential:
    """Codes (batch, D) to logits (batch, C, H, W)."""
    height, width, channels = setup.image_shape
    if setup.network == "mlp":
        layers = dense([setup.latent_dim, 1200, 1200, 1200], nn.Tanh)
        layers.append(nn.Linear(1200, height * width * channels))
        return nn.Sequential(*layers, nn.Unflatten(1, (channels, height, width)))
    side = height // 16
    layers = dense([setup.latent_dim, 256, 256, side * side * 32], nn.ReLU)
    layers.append(nn.Unflatten(1, (32, side, side)))
    for _ in range(3):
        layers += [nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(32, channels, 4, stride=2, padding=1))


def discriminator(latent_dim) -> nn.Sequential:
    """FactorVAE's: codes (batch, D) to two logits."""
    hidden = dense([latent_dim] + [1000] * 6, lambda: nn.LeakyReLU(0.2))
    return nn.Sequential(*hidden, nn.Linear(1000, 2))


def dense(units, activation) -> list:
    """Linear layers of the given widths, each with its activation."""
    layers = []
    for inputs, outputs in zip(units, units[1:], strict=False):
        layers += [nn.Linear(inputs, outputs), activation()]
    return layers


def channels_first(images):
    """Images (n, H, W, C) of numpy as PyTorch wants them."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def runs_on() -> str:
    """Version, device and threads, for the table."""
    device = torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU"
    return f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads"

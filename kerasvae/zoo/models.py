"""A model of the zoo: built from its card, with the weights that the card vouches for."""

import hashlib
import io
from pathlib import Path

from kerasvae.models import BY_NAME
from kerasvae.zoo import storage
from kerasvae.zoo.cards import FOLDER, card


def load(name: str, folder: Path = FOLDER):
    """A trained model, compiled, offline, in about a second.

    Args:
        name: one of `kerasvae.zoo.names()`.
        folder: where to look; by default the package's own.

    Returns:
        The model, of the class that its card names. What a discriminator had learnt is not kept,
        nor the optimizer's state: the model is there to be used, and its training cannot be
        continued from here.

    Raises:
        ValueError: an unknown name, or weights that are not those of the card.

    Example:
        >>> model = load("beta-tcvae-dsprites")
        >>> model.latent_dim, model.steps_taken > 0
        (10, True)
    """
    described = card(name, folder)
    path = folder / f"{name}.npz"
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != described["weights"]["sha256"]:
        raise ValueError(
            f"{path}: expected SHA-256 {described['weights']['sha256']}, that of the card. It is a "
            f"file of the package: install kerasvae again. Received: SHA-256 {digest}"
        )
    model = BY_NAME[described["model"]](**described["arguments"])
    storage.read(io.BytesIO(content), model)
    model.step.assign(described["training"]["steps"])
    model.compile()
    return model

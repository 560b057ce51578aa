"""A zoo of one small model, written here without the script that packs the real ones."""

import hashlib
import json

import pytest


def write_small_zoo(folder, model, name="small"):
    """Weights and the least card that `kerasvae.zoo` can load."""
    from kerasvae.zoo import storage

    folder.mkdir(exist_ok=True)
    storage.write(folder / f"{name}.npz", model)
    digest = hashlib.sha256((folder / f"{name}.npz").read_bytes()).hexdigest()
    arguments = {
        "image_shape": [8, 8, 1], "latent_dim": 3, "architecture": "mlp", "seed": 1
    }  # fmt: skip
    described = {
        "model": "factor-vae",
        "arguments": {**arguments, "gamma": 6.0},
        "training": {"steps": 123},
        "weights": {"sha256": digest},
    }
    (folder / f"{name}.json").write_text(json.dumps(described))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """(folder of the zoo, the model in it)."""
    import numpy as np

    from kerasvae import FactorVAE

    model = FactorVAE((8, 8, 1), 3, "mlp", gamma=6.0, seed=1)
    generator = np.random.default_rng(0)
    for variable in (*model.encoder.weights, *model.decoder.weights):
        # Not as they are initialised: biases too, and logits that are not all near 0.
        noise = generator.standard_normal(variable.shape) / variable.shape[0] ** 0.5
        variable.assign(1.5 * noise.astype("float32"))
    folder = tmp_path_factory.mktemp("zoo")
    write_small_zoo(folder, model)
    return folder, model

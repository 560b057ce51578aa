"""A model saved on TensorFlow computes the same terms on JAX, from the same code."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from tests.registry import OBJECTIVES

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="starts on TensorFlow and runs JAX beside it"
)

# What both backends do with a saved model: the terms of given images at given codes.
PROGRAM = """
import sys, keras, numpy as np
from keras import ops
import kerasvae
folder = sys.argv[1]
for path in sorted(__import__("pathlib").Path(folder).glob("*.keras")):
    model = keras.saving.load_model(path)
    data = np.load(path.with_suffix(".npz"))
    outputs = {**model.encode(data["images"]), "z": data["z"], "logits": model.decode(data["z"])}
    terms = outputs
    if hasattr(model, "terms"):  # a GAN has none for given images and codes
        terms = model.terms(data["images"], outputs)
        terms["objective"] = model.objective(terms)
    np.savez(path.with_suffix(".jax.npz"), **{k: ops.convert_to_numpy(v) for k, v in terms.items()})
"""


def test_terms_agree(tmp_path):
    expected = {}
    for name, (model_class, init_kwargs) in OBJECTIVES.items():
        model = model_class(**init_kwargs)
        rng = np.random.default_rng(0)
        images = rng.random((4, *model.image_shape)).astype("float32")
        z = rng.standard_normal((4, model.latent_dim)).astype("float32")
        outputs = {**model.encode(images), "z": z, "logits": model.decode(z)}
        terms = outputs
        if hasattr(model, "terms"):
            terms = model.terms(images, outputs)
            terms["objective"] = model.objective(terms)
        expected[name] = {k: ops.convert_to_numpy(v) for k, v in terms.items()}
        model.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", images=images, z=z)
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)},
    )
    for name, terms in expected.items():
        actual = np.load(tmp_path / f"{name}.jax.npz")
        assert set(actual) == set(terms)
        for term, value in terms.items():
            if name.startswith("InfoVAE") and term in ("mmd", "objective"):
                continue  # holds draws of the prior, which differ between the backends
            np.testing.assert_allclose(
                actual[term], value, rtol=1e-4, atol=1e-4, err_msg=f"{name}: {term}"
            )

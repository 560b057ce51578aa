"""To add an objective: its file, one line in models/__init__.py, one in the tests' registry."""

import importlib.util

import pytest
import typer
from typer.testing import CliRunner

from kerasvae import models
from kerasvae.cli.options import model_command
from kerasvae.cli.train import SETTINGS, train
from kerasvae.models.introspection import own_arguments, setting_label
from kerasvae.runs import Run
from kerasvae.testing import run_objective_test
from tests.models.test_invariants import images_of
from tests.registry import SMALL

# Of the registries; and a training of a few steps.
pytestmark = [pytest.mark.numpy_only, pytest.mark.usefixtures("all_eagerly")]

TOY = '''
"""A VAE that pays for the square of the KL."""

import keras
from keras import ops

from kerasvae.checks import check_non_negative
from kerasvae.models import VariationalAutoencoder


@keras.saving.register_keras_serializable("tests")
class SquaredKLVAE(VariationalAutoencoder):
    """A toy: the square of the KL.

    Formula:
        reconstruction + rho kl^2

    Args:
        rho: price of a squared nat.
    """

    def __init__(
        self,
        image_shape=(64, 64, 1),
        latent_dim=10,
        architecture=None,
        likelihood="bernoulli",
        likelihood_scale=1.0,
        encoder=None,
        decoder=None,
        seed=None,
        *,
        rho=0.5,
        **kwargs,
    ):
        self.rho = check_non_negative("rho", rho)
        super().__init__(
            image_shape,
            latent_dim,
            architecture,
            likelihood,
            likelihood_scale,
            encoder,
            decoder,
            seed,
            **kwargs,
        )

    def objective(self, terms):
        return terms["reconstruction"] + self.rho * ops.square(terms["kl"])

    def get_config(self):
        return {**super().get_config(), "rho": self.rho}
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The toy's class, from a file of its own, with its one line in BY_NAME."""
    path = tmp_path / "squared_kl_vae.py"
    path.write_text(TOY.lstrip())
    spec = importlib.util.spec_from_file_location("squared_kl_vae", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(models.BY_NAME, "squared-kl-vae", module.SquaredKLVAE)
    return module.SquaredKLVAE


def test_its_line_in_the_registry_of_tests_runs_the_invariants(toy):
    run_objective_test(toy, SMALL | {"rho": 0.25}, images_of(SMALL))


def test_its_line_in_by_name_makes_it_a_command_with_its_own_options(toy, tmp_path):
    """`train squared-kl-vae --rho 0.25` trains into a run folder that remembers both."""
    app = typer.Typer()
    app.command("squared-kl-vae")(model_command("squared-kl-vae", train, SETTINGS))
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "reconstruction + rho kl^2" in shown
    assert "--rho" in shown and "Price of a squared nat." in shown and "0.5" in shown
    out = tmp_path / "run"
    words = ["--rho", "0.25", "--data", "digits", "--steps", "2", "--out", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    model = Run.open(out).load_model()
    assert type(model) is toy and model.rho == 0.25 and model.steps_taken == 2


def test_runs_and_tables_name_its_own_arguments(toy):
    assert list(own_arguments(toy)) == ["rho"]
    assert setting_label("squared-kl-vae", {"rho": 0.25}) == "squared-kl-vae rho=0.25"

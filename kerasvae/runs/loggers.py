"""Services that record trainings, through the Keras callbacks that they bring themselves."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from kerasvae.checks import check_choice

NAMES = ("tensorboard", "wandb", "mlflow")


def check_logger(name: str) -> None:
    """Refuse a logger before a training if it cannot be used.

    Raises:
        ValueError: an unknown name.
        ModuleNotFoundError: its package is not installed.
    """
    check_choice("logger", name, NAMES)
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"The logger {name} needs the package {name}: pip install {name}")


@contextmanager
def logger(name: str, run) -> Iterator[list]:
    """The callbacks of a logger, while its record of a run is open.

    Where the record goes, the packages read from their own environment variables (WANDB_MODE,
    WANDB_PROJECT, MLFLOW_TRACKING_URI, ...).

    Args:
        name: one of `NAMES`.
        run: a `kerasvae.runs.Run`; its folder's name and its settings go into the record.

    Yields:
        Keras callbacks for `kerasvae.runs.session.train`; an epoch of theirs is a row of
        history.csv.
    """
    check_logger(name)
    if name == "wandb":
        import wandb
        from wandb.integration.keras import WandbMetricsLogger

        with wandb.init(name=run.folder.name, dir=str(run.folder), config=run.settings()):
            yield [WandbMetricsLogger()]
    elif name == "mlflow":
        import mlflow
        from mlflow.keras import MlflowCallback

        with mlflow.start_run(run_name=run.folder.name):
            mlflow.log_params(run.settings())
            yield [MlflowCallback()]
    else:
        import keras

        yield [keras.callbacks.TensorBoard(run.path("tensorboard"), write_graph=False)]

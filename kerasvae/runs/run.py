"""A run: the folder in which a training keeps its settings, its history and its model."""

import errno
import json
import math
import os
import shutil
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np

from kerasvae.files import atomic_write, write_text
from kerasvae.models import BY_NAME
from kerasvae.runs import history, locks
from kerasvae.runs.checked import read_checked
from kerasvae.runs.config import KERAS_ONLY, described, load_images
from kerasvae.runs.errors import ArgumentError, DamagedFileError, InUseError, NoCheckpointError
from kerasvae.runs.measured import FILE, read_evaluation
from kerasvae.runs.schema import check_config

TRAINED = (  # written by a training
    "config.json",  # everything that it takes to build the model and to train it again
    "history.csv",  # a row for every so many steps: their mean loss and terms
    "model.keras",  # weights, optimizer, step and random state; written anew at each checkpoint
)
MEASURED = (  # written by whoever looks at the model
    "reconstructions.png",
    "traversals.png",
    "traversals.gif",
    "evaluation.json",
    "codes.npz",  # of some images, to compare seeds
    "report.html",
    "surgery.json",
    "surgery.png",
)
FILES = TRAINED + MEASURED
LOGS = "tensorboard"

# What Keras, h5py and zipfile raise for a file that is damaged somewhere in its middle.
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
DAMAGES += (LookupError, AttributeError, TypeError, ValueError)


class Run:
    """A folder with the files `FILES`.

    Args:
        folder: where it is.
        config: the content of config.json.
    """

    def __init__(self, folder: Path, config: dict):
        self.folder = folder
        self.config = config

    def path(self, name: str) -> Path:
        """The path of one of `FILES`, or of the folder of TensorBoard's logs."""
        return self.folder / name

    @property
    def address(self) -> str:
        """A text that `kerasvae.zoo.open_run` opens again, from any working folder."""
        return str(self.folder.resolve())

    @classmethod
    def create(cls, folder: Path, config: dict, overwrite: bool = False) -> "Run":
        """Start a run in a new folder.

        Args:
            folder: it must not exist, or be empty.
            config: as `new_config` makes it.
            overwrite: replace an older run in this folder.

        Raises:
            ValueError: the folder holds something else, or the config is none.
            InUseError: another process trains or measures the run in this folder.
        """
        run = cls(folder, check_config(config))
        check_free(folder, overwrite)
        with locks.hold(folder, locks.TRAINING, locks.MEASURING):
            check_free(folder, overwrite)
            run.remove_leftovers(FILES)
            for name in FILES:
                run.path(name).unlink(missing_ok=True)
            shutil.rmtree(run.path(LOGS), ignore_errors=True)
            run.write_json("config.json", config)
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open an existing run.

        Raises:
            FileNotFoundError: no run in this folder.
            ValueError: its config.json is damaged; names the field.
        """
        path = folder / "config.json"
        if not path.is_file():
            why = "is not there" if not folder.exists() else "is a file"
            why = "has no config.json" if folder.is_dir() else why
            raise FileNotFoundError(
                f"Expected the folder of a run, which 'kerasvae train' makes. Received: {folder}, "
                f"which {why}"
            )
        remedy = "Repair it, or train the run anew into this folder"
        return cls(
            folder,
            read_checked(path, lambda text: check_config(json.loads(text)), remedy, "overwrite"),
        )

    def settings(self) -> dict:
        """Every setting of the run in one dict, under the names of the command line."""
        images = self.config["data"]
        return {
            "model": self.config["model"],
            "data": images["source"],
            "data_option": images["options"],
            **self.config["arguments"],
            **self.config["training"],
        }

    def check_same(self, given: dict) -> None:
        """Refuse settings that differ from those of the run.

        Args:
            given: settings as in `settings`; those left out are taken from the run. More `steps`
                than before are no difference: a finished run can be trained further.

        Raises:
            ValueError: names every difference.
        """
        settings = self.settings()
        different = [
            f"{name} was {settings.get(name)!r} and is now {value!r}"
            for name, value in given.items()
            if settings.get(name) != value
            and not (name == "steps" and value > self.config["training"]["steps"])
        ]
        if different:
            raise ArgumentError(
                f"The run in {self.folder} was started with other settings: "
                f"{'; '.join(different)}. Leave them out to resume it, or choose another folder.",
                "folder",
            )

    def check_unchanged(self) -> None:
        """Refuse to go on with a run that another process has replaced or extended meanwhile.

        Raises:
            InUseError: config.json is not this run's.
        """
        now = Run.open(self.folder)
        now.extend(self.config["training"]["steps"])
        if now.config != self.config:
            raise InUseError(f"{self.folder}: another process has changed this run. Start again.")

    def extend(self, steps: int) -> None:
        """Let the run go on to so many steps, if they are more than it has.

        config.json says so as soon as the training begins: one that is refused promises nothing.
        """
        self.config["training"]["steps"] = max(steps, self.config["training"]["steps"])

    def dataset(self):
        """The images of the run.

        Raises:
            ValueError: they are no longer the images that it was started with.
        """
        images = self.config["data"]
        dataset = load_images(images["source"], images["options"])
        now = {**images, **described(dataset)}
        if now != images:
            raise ValueError(
                f"{images['source']}: expected the {images['images']} images of shape "
                f"{images['image_shape']} that the run in {self.folder} was started with. "
                f"Received: {now['images']} images of shape {now['image_shape']}"
            )
        return dataset

    def build_model(self):
        """The model with new weights, drawn by the run's seed, and its optimizer."""
        keras.utils.set_random_seed(self.config["arguments"]["seed"])
        model = BY_NAME[self.config["model"]](**self.config["arguments"])
        model.compile(model.make_optimizer(self.config["training"]["learning_rate"]))
        return model

    def load_model(self):
        """The model as of the last checkpoint, with its optimizer, step and random state.

        Raises:
            FileNotFoundError: there is no checkpoint yet.
            ValueError: the file is damaged, or holds another model than config.json says.
            OSError: the system does not let it be read.
        """
        path = self.path("model.keras")
        if not path.is_file():
            raise NoCheckpointError(
                f"Expected {path}; this run stopped before its first checkpoint. Train it first."
            )
        path.read_bytes()  # Keras takes a file that may not be read for one that is damaged
        remedy = "Train the run anew into this folder"
        try:
            model = keras.saving.load_model(path)
        except DAMAGES as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # a full disk, too many open files: the file may be good
            raise DamagedFileError(path, f"{error}. {remedy}", "overwrite") from error
        if difference := self._difference(model):
            raise ArgumentError(
                f"{path} is not the model of config.json: {difference}. Put the right one of them "
                "back, or train the run anew into this folder.",
                "overwrite",
            )
        return model

    def _difference(self, model) -> str:
        """The first thing in which a model is not what config.json says; empty if none."""
        expected = BY_NAME[self.config["model"]]
        if type(model) is not expected:
            return f"expected a {expected.__name__}. Received: a {type(model).__name__}"
        config = model.get_config()
        for name in ("encoder", "decoder", "discriminator"):
            if config.get(name) is not None:
                return f"it has a network of its own, {name}"
        saved = json.loads(json.dumps({k: v for k, v in config.items() if k not in KERAS_ONLY}))
        for name, value in self.config["arguments"].items():
            # None: left to the model, which may have found it in its data.
            if value is not None and saved.get(name) != value:
                return f"expected {name}={value!r}. Received: {name}={saved.get(name)!r}"
        return ""

    def save_model(self, model) -> None:
        """Write model.keras; a kill at any moment leaves the old file or the new one.

        Raises:
            FloatingPointError: a weight is NaN or infinite; the old file stays.
        """
        check_finite(model)
        with atomic_write(self.path("model.keras")) as temporary:
            whole = temporary.with_suffix(".keras")  # the only ending that Keras accepts
            try:
                model.save(whole)
                whole.replace(temporary)
            finally:
                whole.unlink(missing_ok=True)

    def save_figure(self, name: str, figure) -> Path:
        """Write a matplotlib figure as one of the PNG files; return its path."""
        with atomic_write(self.path(name)) as temporary:
            figure.savefig(temporary, format="png")
        return self.path(name)

    def tidy(self) -> None:
        """Delete all unfinished files of killed processes, unless a live one may be writing."""
        with suppress(InUseError), locks.hold(self.folder, locks.TRAINING, locks.MEASURING):
            self.remove_leftovers(FILES)

    def remove_leftovers(self, names=TRAINED) -> None:
        """Delete the unfinished files of a process that was killed while it wrote them.

        Args:
            names: of files that nobody else may write now, because the caller holds their lock.
        """
        for name in names:
            for path in self.folder.glob(f".{name}.*"):
                path.unlink(missing_ok=True)

    def read_evaluation(self) -> dict | None:
        """What `kerasvae evaluate` has measured; None if it was not run."""
        return read_evaluation(self.folder) if self.path(FILE).is_file() else None

    def write_json(self, name: str, content: dict) -> None:
        """Write one of the JSON files atomically."""
        write_text(self.path(name), json.dumps(content, indent=2) + "\n")

    def read_history(self, last_step: float = math.inf) -> list[dict[str, float]]:
        """Rows of history.csv up to a step; see `kerasvae.runs.history.read_history`."""
        return history.read_history(self.path("history.csv"), last_step)


def check_finite(model) -> None:
    """Refuse a model that is of no use any more.

    Raises:
        FloatingPointError: a weight, or a number of the optimizer, is NaN or infinite.
    """
    for variable in [*model.weights, *(model.optimizer.variables if model.optimizer else ())]:
        values = keras.ops.convert_to_numpy(variable)
        if values.dtype.kind not in "biu" and not np.isfinite(values.astype("float32")).all():
            raise FloatingPointError(
                f"{variable.path} became NaN or infinite at step {model.steps_taken}"
            )


def check_free(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that holds anything, except a run that may be overwritten.

    Raises:
        ValueError: says which, and what to do.
        PermissionError: nothing may be written there.
    """
    if (folder / "config.json").is_file():
        if not overwrite:
            raise ArgumentError(
                f"{folder} holds a run already. Go on with it (resume), replace it (overwrite), or "
                "choose another folder.",
                "resume",
                "overwrite",
                "folder",
            )
    elif folder.exists() and (not folder.is_dir() or any(map(_foreign, folder.iterdir()))):
        raise ArgumentError(f"Expected a new folder. Received: {folder}, which is in use", "folder")
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    if existing.is_dir() and not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "no permission to write", str(existing))


def _foreign(path: Path) -> bool:
    """Whether a file is none that a killed run left while it was starting."""
    return path.name not in locks.NAMES and not path.name.startswith(".config.json.")

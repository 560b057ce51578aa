"""A run: the folder in which a training keeps its settings, its history and its model."""

import csv
import json
import math
import shutil
import zipfile
from pathlib import Path

import keras

from kerasvae.files import atomic_write
from kerasvae.models import BY_NAME
from kerasvae.runs.config import described, load_images

FILES = (
    "config.json",  # everything that it takes to build the model and to train it again
    "history.csv",  # a row for every so many steps: their mean loss and terms
    "model.keras",  # weights, optimizer, step and random state; written anew at each checkpoint
    "reconstructions.png",
    "traversals.png",
    "traversals.gif",
    "evaluation.json",
    "report.html",
    "surgery.json",
    "surgery.png",
)
LOGS = "tensorboard"


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
            ValueError: the folder is in use.
        """
        run = cls(folder, config)
        check_free(folder, overwrite)
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
            ValueError: its config.json is damaged.
        """
        path = folder / "config.json"
        if not path.is_file():
            raise FileNotFoundError(
                f"Expected the folder of a run, which 'kerasvae train' makes. Received: {folder}, "
                f"{'which has no config.json' if folder.is_dir() else 'which is not there'}"
            )
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            run = cls(folder, config)
            run.settings()
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is damaged ({error!r}). Start again with --overwrite."
            ) from error
        return run

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
            raise ValueError(
                f"The run in {self.folder} was started with other options: "
                f"{'; '.join(different)}. Leave them out to resume it, or choose another --out."
            )

    def extend(self, steps: int) -> None:
        """Let the run go on to so many steps, if they are more than it has."""
        if steps > self.config["training"]["steps"]:
            self.config["training"]["steps"] = steps
            self.write_json("config.json", self.config)

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
            ValueError: the file is damaged.
        """
        path = self.path("model.keras")
        if not path.is_file():
            raise FileNotFoundError(
                f"Expected {path}; this run stopped before its first checkpoint. "
                "Start it again with: kerasvae train ... --resume"
            )
        try:
            return keras.saving.load_model(path)
        except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path} is damaged ({error}). Train it again with --overwrite."
            ) from error

    def save_model(self, model) -> None:
        """Write model.keras; a kill at any moment leaves the old file or the new one."""
        with atomic_write(self.path("model.keras")) as temporary:
            whole = temporary.with_suffix(".keras")  # the only ending that Keras accepts
            try:
                model.save(whole)
                whole.replace(temporary)
            finally:
                whole.unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Delete the unfinished files of a process that was killed while it wrote them."""
        for name in FILES:
            for path in self.folder.glob(f".{name}.*"):
                path.unlink()

    def write_json(self, name: str, content: dict) -> None:
        """Write one of the JSON files, whole or not at all."""
        with atomic_write(self.path(name)) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def read_history(self, last_step: float = math.inf) -> list[dict[str, float]]:
        """Rows of history.csv, up to a step; the half row that a power cut left is dropped."""
        path = self.path("history.csv")
        if not path.is_file():
            return []
        with open(path, newline="", encoding="utf-8") as file:
            whole = [line for line in file if line.endswith("\n")]
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(whole)]
        return [row for row in rows if row["step"] <= last_step]

    def read_evaluation(self) -> dict | None:
        """What `kerasvae evaluate` has measured; None if it was not run."""
        path = self.path("evaluation.json")
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def check_free(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that holds anything, except a run that may be overwritten.

    Raises:
        ValueError: says which, and what to do.
    """
    if (folder / "config.json").is_file():
        if overwrite:
            return
        raise ValueError(
            f"{folder} holds a run already. Go on with it: --resume; replace it: --overwrite; or "
            "choose another --out."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"--out: expected a new folder. Received: {folder}, which is in use")

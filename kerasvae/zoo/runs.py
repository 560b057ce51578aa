"""A model of the zoo in place of a run folder: every command takes either."""

import math
from pathlib import Path

from kerasvae.runs import Run
from kerasvae.zoo.cards import card, names
from kerasvae.zoo.models import load


class ZooRun(Run):
    """A model of the zoo as a run.

    What commands write goes into a folder of the model's name in the current folder; what they
    read comes from the card until that folder has something newer.

    Args:
        name: one of `kerasvae.zoo.names()`.

    Example:
        >>> run = ZooRun("beta-tcvae-dsprites")
        >>> run.path("traversals.png")
        PosixPath('beta-tcvae-dsprites/traversals.png')
    """

    def __init__(self, name: str):
        self.name = name
        self.card = card(name)
        parts = ("model", "arguments", "data", "training")
        config = {part: self.card[part] for part in parts}
        super().__init__(Path(name), {**config, "versions": self.card["trained"]["versions"]})

    @property
    def address(self) -> str:
        """The name."""
        return self.name

    def load_model(self):
        """The model of the zoo."""
        return load(self.name)

    def read_history(self, last_step: float = math.inf) -> list[dict[str, float]]:
        """The rows of the training's history that the card has kept."""
        return [row for row in self.card["history"] if row["step"] <= last_step]

    def read_evaluation(self) -> dict | None:
        """The evaluation in the folder of the model's name, or else that of the card."""
        return super().read_evaluation() or self.card["evaluation"]


def open_run(name_or_folder: str | Path) -> Run:
    """The run in a folder, or a model of the zoo by its name.

    Args:
        name_or_folder: the folder of a run; or one of `kerasvae.zoo.names()`, unless a folder of
            that name holds a run.

    Returns:
        A `kerasvae.runs.Run`: config, path(), dataset(), load_model().

    Raises:
        FileNotFoundError: no run in this folder, and no such name.
        ValueError: a damaged run.

    Example:
        >>> open_run("beta-tcvae-dsprites").config["model"]
        'beta-tcvae'
    """
    folder = Path(name_or_folder)
    if (folder / "config.json").is_file():
        return Run.open(folder)
    if str(name_or_folder) in names():
        return ZooRun(str(name_or_folder))
    try:
        return Run.open(folder)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}. Trained models: {', '.join(names())}") from error

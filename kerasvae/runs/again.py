"""The same command again: a run that is there goes on, one that is not is started."""

from pathlib import Path

from kerasvae.runs.config import load_images, new_config
from kerasvae.runs.run import Run


def open_or_create(folder: Path, model: str, given: dict):
    """The run in a folder and its images: the one that is there, or a new one.

    Args:
        folder: of the run.
        model: its name in `kerasvae.models.BY_NAME`.
        given: settings as `new_config` takes them, `steps` among them. A run with fewer steps is
            extended to them.

    Returns:
        A `Run` and its data set.

    Raises:
        ValueError: the run was started with other settings, or they are none.
    """
    if (folder / "config.json").is_file():
        run = Run.open(folder)
        run.check_same({"model": model, **given})
        run.extend(given["steps"])
        return run, run.dataset()
    dataset = load_images(given["data"], given.get("data_option", {}))
    return Run.create(folder, new_config(model, given, dataset)), dataset

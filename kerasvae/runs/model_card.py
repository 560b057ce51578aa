"""The card of a run's model, for those who get the model without the run's folder."""

from pathlib import Path

from kerasvae import data
from kerasvae.models import BY_NAME
from kerasvae.models.introspection import formula, summary
from kerasvae.runs.pages import write_page
from kerasvae.runs.report import score_rows, surgery_rows, title

FILE = "model_card.md"


def write_card(run, evaluation: dict) -> Path:
    """Write model_card.md: what the model is, how to load it and what it measures.

    It begins with the lines that Hugging Face reads. Of a data set that is not one of the
    package's, only the last part of its path is named.

    Args:
        run: a `kerasvae.runs.Run`, where to write.
        evaluation: what `kerasvae.runs.evaluation.evaluate` returned for it.

    Returns:
        The card's path.
    """
    config, model = run.config, BY_NAME[run.config["model"]]
    source = config["data"]["source"]
    return write_page(
        run.path(FILE),
        f"{FILE}.jinja",
        title=title(config["model"], config["arguments"]),
        summary=summary(model),
        formula=formula(model),
        config=config,
        data=Path(source).name,
        own_images=source not in {info.name for info in data.describe()},
        file="model.keras",
        evaluation=evaluation,
        surgery=surgery_rows(evaluation["surgery"]),
        scores=score_rows(evaluation["scores"]),
    )

"""The report of a run: its evaluation, with figures, as one HTML page."""

import re
from pathlib import Path

import numpy as np
from rich.markup import escape
from rich.table import Table

from kerasvae import metrics, plotting
from kerasvae.models import BY_NAME
from kerasvae.models.introspection import formula, own_arguments, setting_label, summary
from kerasvae.runs import figures
from kerasvae.runs.pages import embedded, write_page
from kerasvae.surgery.decomposition import LAYOUT

FILE = "report.html"

# What a metric drew, in the order in which a reader asks for it.
SAMPLED = ("points", "train_points", "test_points", "train_votes", "test_votes", "samples")


def write_report(run, model, dataset, evaluation: dict) -> Path:
    """Write report.html: objective, surgery, traversals by KL, scores and heat maps.

    Args:
        run: a `kerasvae.runs.Run`, where to write.
        model: its trained model.
        dataset: its images.
        evaluation: what `kerasvae.runs.evaluation.evaluate` returned for them.

    Returns:
        The page's path.
    """
    name, arguments = run.config["model"], run.config["arguments"]
    scores = evaluation["scores"]
    return write_page(
        run.path(FILE),
        "report.html",
        title=title(name, arguments),
        config=run.config,
        evaluation=evaluation,
        formula=formula(BY_NAME[name]),
        surgery=surgery_rows(evaluation["surgery"]),
        scores=score_rows(scores),
        refused={key: s["refused"] for key, s in scores.items() if "refused" in s},
        warnings=sorted({text for s in scores.values() for text in s.get("warnings", ())}),
        figures={
            "training": _training(run),
            "surgery": _surgery_figures(name, evaluation["surgery"]),
            "images": _images(run, model, dataset, evaluation),
            "scores": _heatmaps(dataset, evaluation),
        },
    )


def title(model: str, arguments: dict) -> str:
    """A run in words: the model, the weights of its objective, what else is not the default, seed.

    Example:
        >>> title("beta-vae", {"beta": 4.0, "warmup_steps": 0, "latent_dim": 10, "seed": 2})
        'beta-vae, beta 4, seed 2'
        >>> title("factor-vae", {"gamma": 35.0, "seed": 0})
        'factor-vae, gamma 35, seed 0'
    """
    words = [model]
    weights = re.findall(r"\w+", formula(BY_NAME[model]))
    own = own_arguments(BY_NAME[model])
    for name, value in arguments.items():
        is_default = setting_label(model, {name: value}) == model
        if name in own and (name in weights or not is_default):
            number = f"{value:g}" if isinstance(value, float) else value
            words.append(f"{name.replace('_', ' ')} {number}")
    return ", ".join([*words, f"seed {arguments['seed']}"])


def score_rows(scores: dict[str, dict]) -> list[dict]:
    """A row for each number of `kerasvae.runs.scores.score`: each score, and below it its parts.

    Returns:
        dicts with name, depth (1 for a part), mean, standard_deviation, draws (how many),
        question (what the metric asks), reading (range, direction and chance level) and sampled
        (what it drew).
    """
    rows = []
    for name, score in scores.items():
        if "refused" in score:
            continue
        settings = score["settings"]
        drawn = [f"{settings[key]:,} {key.replace('_', ' ')}" for key in SAMPLED if key in settings]
        row = metrics.BY_NAME[name]
        texts = {
            "question": summary(row.function),
            "reading": row.reading,
            "sampled": ", ".join(drawn),
        }
        for part, numbers in {name: score, **score["parts"]}.items():
            rows.append(
                {
                    "name": part,
                    "depth": int(part != name),
                    "mean": numbers["mean"],
                    "standard_deviation": numbers["standard_deviation"],
                    "draws": len(numbers["draws"]),
                    **(texts if part == name else dict.fromkeys(texts, "")),
                }
            )
    return rows


def tables(evaluation: dict, folder: str) -> list[Table]:
    """The same numbers for a terminal: the terms with the KL by dimension, and the scores."""
    title = f"{evaluation['images']:,} images, {escape(folder)}"
    terms = Table("term", "mean of images, nats", title=title)
    for name, value in {**evaluation["terms"], "loss": evaluation["loss"]}.items():
        terms.add_row(name, f"{value:.3f}")
    terms.add_section()
    for name, depth, value, error in surgery_rows(evaluation["surgery"]):
        terms.add_row(f"surgery: {'  ' * depth}{name}", f"{value:.3f} ± {error:.3f}")
    terms.add_section()
    kl = enumerate(evaluation["per_dimension_kl"] or [])
    for dimension, value in sorted(kl, key=lambda pair: -pair[1]):
        terms.add_row(f"kl of z_{dimension}", f"{value:.3f}")

    scores = Table("metric", "mean", "standard deviation", "draws")
    for row in score_rows(evaluation["scores"]):
        spread = row["standard_deviation"]
        scores.add_row(
            "  " * row["depth"] + row["name"],
            f"{row['mean']:.3f}",
            "" if spread is None else f"{spread:.3f}",
            str(row["draws"]),
        )
    for name, score in evaluation["scores"].items():
        if "refused" in score:
            scores.add_row(name, "none", "", "")
    return [terms, scores]


def surgery_rows(surgery: dict) -> list[tuple]:
    """(term, depth of its indentation, nats, standard error) of surgery; none if it was refused."""
    if "refused" in surgery:
        return []
    errors = surgery["standard_errors"]
    return [(name, depth, surgery[name], errors[name]) for name, depth in LAYOUT]


def _training(run) -> list[dict]:
    rows = run.read_history()
    if not rows:
        return []
    steps = [row["step"] for row in rows]
    terms = {name: [row[name] for row in rows] for name in rows[0] if name != "step"}
    figure = plotting.terms_over_training(terms, steps, "step")
    return [embedded(figure, "The loss and its terms over the training, each on its own scale.")]


def _surgery_figures(name: str, surgery: dict) -> list[dict]:
    if "refused" in surgery:
        return []
    caption = "What the KL consists of; error bars are standard errors."
    return [embedded(plotting.surgery_bars({name: surgery}), caption)]


def _images(run, model, dataset, evaluation) -> list[dict]:
    traversals = figures.draw_traversals(model, dataset, kl=evaluation["per_dimension_kl"])
    reconstructions = figures.draw_reconstructions(model, dataset)
    run.save_figure(figures.TRAVERSALS, traversals)
    run.save_figure(figures.RECONSTRUCTIONS, reconstructions)
    return [
        embedded(
            traversals,
            "Each row moves one dimension and leaves the others; those with most KL are on top.",
        ),
        embedded(
            reconstructions,
            "Random images, each above its reconstruction.",
        ),
    ]


def _heatmaps(dataset, evaluation) -> list[dict]:
    kl, shown = evaluation["per_dimension_kl"], []
    for name, row in metrics.BY_NAME.items():
        matrix = evaluation["scores"].get(name, {}).get("matrix")
        if matrix is None or not row.heat_map:
            continue
        order, labels = figures.ordered_dimensions(kl, len(matrix))
        figure = plotting.factor_heatmap(
            np.array(matrix)[order], dataset.factor_names, labels, row.heat_map
        )
        caption = f"Codes by factors, the matrix behind {name}: {row.matrix}."
        caption += "" if kl is None else " Codes in order of KL."
        shown.append(embedded(figure, caption))
    return shown

"""Write full_scale.md, the table of the zoo's models, from their cards.

    python results/full_scale.py

Every number is that of a card in kerasvae/zoo/weights. The first table goes into the README too,
between two comments; a test compares all three.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
MARKS = ("<!-- table: python results/full_scale.py -->\n", "<!-- end of the table -->\n")
TERMS = {
    "reconstruction": "reconstruction",
    "KL": "kl",
    "mutual information": "mutual_information",
    "total correlation": "total_correlation",
}
SCORES = {
    "MIG": "mig",
    "MIG (Chen)": "mig_chen",
    "DCI": "dci",
    "SAP": "sap",
    "FactorVAE score": "factor_vae_score",
    "beta-VAE score": "beta_vae_score",
    "modularity": "modularity",
}
IN_README = ("MIG", "DCI", "FactorVAE score")
FACTORS = ("x", "y", "scale", "orientation", "shape")


def lines(header: list[str], rows: list[list[str]], texts: int = 1) -> str:
    """A Markdown table; its first `texts` columns are words, the others numbers."""
    rule = ["---"] * texts + ["--:"] * (len(header) - texts)
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))


def cell(mean, spread=None) -> str:
    """A number with its spread, if there is one."""
    if mean is None:
        return "–"
    return f"{mean:.2f}" if spread is None else f"{mean:.2f} ± {spread:.2f}"


def main_table(cards: dict[str, dict]) -> str:
    """What the README shows: steps, exact terms, three scores, and the axes."""
    from kerasvae.zoo.criteria import axes

    rows = []
    for name, card in cards.items():
        evaluation, axis = card["evaluation"], axes(card)
        scores = [evaluation["scores"].get(SCORES[score], {}) for score in IN_README]
        rows.append(
            [
                f"`{name}`",
                f"{card['training']['steps']:,}",
                *[cell(evaluation["surgery"].get(key)) for key in TERMS.values()],
                *[cell(score.get("mean"), score.get("standard_deviation")) for score in scores],
                " / ".join(f"{axis[factor]['share']:.2f}" for factor in ("x", "y", "scale")),
            ]
        )
    return lines(["model", "steps", *TERMS, *IN_README, "share of x / y / scale"], rows)


def scores_table(cards: dict[str, dict]) -> str:
    """All scores, mean ± standard deviation over draws."""
    rows = []
    for name, card in cards.items():
        scores = [card["evaluation"]["scores"].get(key, {}) for key in SCORES.values()]
        cells = [cell(score.get("mean"), score.get("standard_deviation")) for score in scores]
        rows.append([f"`{name}`", *cells])
    return lines(["model", *SCORES], rows)


def axes_table(cards: dict[str, dict]) -> str:
    """For every factor its best dimension, its share and the gap to the second one."""
    from kerasvae.zoo.criteria import axes

    rows = []
    for name, card in cards.items():
        found = axes(card)
        cells = [
            f"z_{found[factor]['dimension']}  {found[factor]['share']:.2f}  "
            f"(+{found[factor]['gap']:.2f})"
            for factor in FACTORS
        ]
        rows.append([f"`{name}`", *cells])
    return lines(["model", *FACTORS], rows)


def published_table(cards: dict[str, dict]) -> str:
    """Ours beside what was published."""
    rows = []
    for name, card in cards.items():
        evaluation = card["evaluation"]
        for row in card["published"]:
            figure = row["figure"]
            ours = evaluation["surgery"].get(figure)
            if ours is None:
                ours = evaluation["scores"].get(figure, {}).get("mean")
            title = figure.replace("_", " ")
            rows.append([f"`{name}`", title, row["source"], cell(ours), cell(row["value"])])
    return lines(["model", "figure", "source", "ours", "published"], rows, texts=3)


def notes(cards: dict[str, dict]) -> str:
    """One entry a model: what differs from the published run, and what it misses."""
    entries = []
    for name, card in cards.items():
        missed = "; ".join(card["misses"]) or "nothing"
        seconds = card["trained"]["seconds"]
        took = "seconds not recorded" if seconds is None else f"{seconds:,.0f} s"
        device = card["trained"]["device"] or "device not recorded"
        surgery = card["evaluation"]["surgery"].get("num_images")
        over = f"surgery over {surgery:,} images" if surgery else "no surgery"
        entries.append(
            f"- `{name}`: {card['differs']} Made in {took} ({device}); {over}, scores on "
            f"{card['evaluation']['images']:,}. Tried: {card['tried']}. Misses: {missed}.\n"
        )
    return "".join(entries)


def page(cards: dict[str, dict]) -> str:
    """The whole file."""
    return f"""# Models of the zoo, at full scale

The models that ship with the package, each trained once on the grid of dSprites (737,280 images,
64x64) with the network of Burgess et al. and 10 latent dimensions. Terms are exact, by surgery, in
nats per image; scores are means ± standard deviations over three draws of 10,000 images, which says
nothing of another seed. The share of a factor is the mutual information of it and its best
dimension, in 20 equal bins, divided by the factor's entropy. Made by `python zoo/train.py NAME`,
`python zoo/pack.py NAME RUN` and `python results/full_scale.py`.

Where the notes below say that surgery went over a sample of n images, the mutual information cannot
exceed log n (9.90 nats for 20,000), and what is above that counts as total correlation: of a model
with a large KL the total correlation is then too large.

{main_table(cards)}
## All scores

{scores_table(cards)}
## Which dimension tells which factor

The best living dimension (KL of at least 0.1 nats), its share, and how far it is ahead of the
second.

{axes_table(cards)}
## Published figures

{published_table(cards)}
Losses that were published are means of a training's batches, ours are measured on the final
weights.

## What differs, and what is missing

{notes(cards)}"""


def shipped() -> dict[str, dict]:
    """The cards of the package, in the order of the settings' table."""
    from kerasvae.models import BY_NAME
    from kerasvae.zoo import card, names

    cards = {name: card(name) for name in names()}
    order = list(BY_NAME)
    return dict(sorted(cards.items(), key=lambda item: order.index(item[1]["model"])))


def shown(readme: str, table: str) -> str:
    """The README with the table between its marks."""
    before, rest = readme.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    found = shipped()
    (HERE / "full_scale.md").write_text(page(found), encoding="utf-8")
    README.write_text(shown(README.read_text(encoding="utf-8"), main_table(found)), "utf-8")

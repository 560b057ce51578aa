"""The gallery: what each dimension of each shipped model does.

    python docs/gallery.py

writes docs/gallery.md, and a picture of each model in docs/gallery/, in a few seconds per model.
What the page says about a model is read from the model's card.
"""

from pathlib import Path

import kerasvae as kv
from kerasvae.models import BY_NAME
from kerasvae.zoo import pictures
from kerasvae.zoo.criteria import LIVING

HERE = Path(__file__).resolve().parent
VALUES = [-2, -4 / 3, -2 / 3, 0, 2 / 3, 4 / 3, 2]
OPENING = """\
# Gallery

This page shows what each dimension of the shipped models does. In each row, one dimension moves
from -2 to 2 while the others stay fixed. Rows are sorted by the KL of their dimension, in nats per
image; dimensions below {living} nats are left out, because they change nothing.
`python docs/gallery.py` makes this page from the models' cards.

```python
import kerasvae as kv

for name in kv.zoo.names():
    print(name, kv.zoo.card(name)["training"]["steps"])
```

`model = kv.zoo.load(name)` loads one, and `kerasvae explore NAME` lets you move its sliders.
"""
CLASSES = " The code of classes goes through its classes, from left to right."
ENTRY = """
## {name}

`{kind}`, trained for {steps:,} steps on dSprites ({settings}).

{numbers}.{classes}

![One row for each active dimension of {name}](gallery/{name}.png)
"""


def text() -> str:
    """The page."""
    return OPENING.format(living=LIVING) + "".join(map(entry, kv.zoo.names()))


def entry(name: str) -> str:
    """What the page says about a model."""
    card = kv.zoo.card(name)
    own = set(card["arguments"]) - set(kv.VAE().get_config()) - {"dataset_size"}
    settings = [f"{key} {card['arguments'][key]}" for key in sorted(own)]
    return ENTRY.format(
        name=name,
        kind=BY_NAME[card["model"]].__name__,
        settings=", ".join([*settings, f"seed {card['arguments'].get('seed')}"]),
        steps=card["training"]["steps"],
        numbers=numbers(card),
        classes=CLASSES if card["arguments"].get("categories") else "",
    )


def numbers(card: dict) -> str:
    """What was measured of a model, without the full stop."""
    surgery, mig = card["evaluation"]["surgery"], card["evaluation"]["scores"].get("mig", {})
    found = []
    if "total_correlation" in surgery:
        found.append(
            "Mutual information {mutual_information:.1f} nats, total correlation "
            "{total_correlation:.2f}\nnats".format(**surgery)
        )
    if mig.get("mean") is not None:
        found.append(f"MIG {mig['mean']:.2f}")
    return ", ".join(found)


def draw(name: str, folder: Path) -> Path:
    """The picture of a model."""
    kl = kv.zoo.card(name)["evaluation"]["per_dimension_kl"]
    rows = pictures.living_dimensions(name, 10)
    labels = [f"$z_{row}$" if kl is None else f"$z_{row}$, {kl[row]:.1f} nats" for row in rows]
    path = folder / f"{name}.png"
    moved = pictures.moved(name, rows, VALUES)
    kv.plotting.traversals(moved, VALUES, labels).savefig(path, dpi=100)
    return path


if __name__ == "__main__":
    (HERE / "gallery").mkdir(exist_ok=True)
    for name in kv.zoo.names():
        print(draw(name, HERE / "gallery"))
    (HERE / "gallery.md").write_text(text(), encoding="utf-8")

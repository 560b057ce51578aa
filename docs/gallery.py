"""The gallery: what each dimension of each shipped model does.

    python docs/gallery.py

writes docs/gallery.md, and a picture a model in docs/gallery/; some seconds a model. What is
written about a model is read from its card.
"""

from pathlib import Path

import numpy as np

import kerasvae as kv
from kerasvae.models import BY_NAME

HERE = Path(__file__).resolve().parent
START = {"shape": 2, "scale": 3, "orientation": 5, "x": 16, "y": 16}  # a heart in the middle
VALUES = [-2, -4 / 3, -2 / 3, 0, 2 / 3, 4 / 3, 2]
LIVING = 0.05  # nats; a dimension with less KL changes nothing
OPENING = """\
# Gallery

What each dimension of the shipped models does: one row a dimension, which moves from -2 to 2 while
the others stay. Rows are sorted by their KL, in nats per image; dimensions below {living} nats are
left out, for they change nothing. `python docs/gallery.py` writes this page from the models' cards.

```python
import kerasvae as kv

for name in kv.zoo.names():
    print(name, kv.zoo.card(name)["training"]["steps"])
```

`model = kv.zoo.load(name)` loads one, and `kerasvae explore NAME` lets you move its sliders.
"""
ENTRY = """
## {name}

A `{kind}` after {steps:,} steps on dSprites ({settings}).

Mutual information {information:.1f} nats, total correlation {correlation:.2f} nats{mig}.

![One row for each living dimension of {name}](gallery/{name}.png)
"""


def text() -> str:
    """The page."""
    return OPENING.format(living=LIVING) + "".join(map(entry, kv.zoo.names()))


def entry(name: str) -> str:
    """What the page says of a model."""
    card = kv.zoo.card(name)
    own = set(card["arguments"]) - set(kv.VAE().get_config()) - {"dataset_size"}
    settings = [f"{key} {card['arguments'][key]}" for key in sorted(own)]
    surgery = card["evaluation"]["surgery"]
    mig = card["evaluation"]["scores"].get("mig", {}).get("mean")
    return ENTRY.format(
        name=name,
        kind=BY_NAME[card["model"]].__name__,
        settings=", ".join([*settings, f"seed {card['arguments'].get('seed')}"]),
        steps=card["training"]["steps"],
        mig="" if mig is None else f", MIG {mig:.2f}",
        information=surgery["mutual_information"],
        correlation=surgery["total_correlation"],
    )


def draw(name: str, folder: Path) -> Path:
    """The picture of a model."""
    model, kl = kv.zoo.load(name), np.array(kv.zoo.card(name)["evaluation"]["per_dimension_kl"])
    sprites = kv.data.load("dsprites")
    start = sprites.images(sprites.indices_of([[START[name] for name in sprites.factor_names]]))
    rows = [int(row) for row in np.argsort(-kl) if kl[row] >= LIVING]
    labels = [f"$z_{row}$, {kl[row]:.1f} nats" for row in rows]
    images = model.traverse(model.embed(start)[0], VALUES, rows)
    path = folder / f"{name}.png"
    kv.plotting.traversals(images, VALUES, labels).savefig(path, dpi=100)
    return path


if __name__ == "__main__":
    (HERE / "gallery").mkdir(exist_ok=True)
    for name in kv.zoo.names():
        print(draw(name, HERE / "gallery"))
    (HERE / "gallery.md").write_text(text(), encoding="utf-8")

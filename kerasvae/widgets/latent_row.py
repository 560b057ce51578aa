"""The row of one latent dimension: what it is, its slider, its traversal."""

import html
import math
from collections.abc import Sequence

import ipywidgets
import traitlets

from kerasvae.widgets.picture import Picture
from kerasvae.widgets.slider import Slider

STRIP_HEIGHT = 56  # pixels on the page
_LINE = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


class LatentRow(ipywidgets.HBox):
    """A slider for z_j, q(z_j|x) of the chosen image, and a strip of images to click.

    Args:
        name: of the dimension, such as z_3.
        note: what is to be said of it, such as its KL.
        values: those of z_j along the strip; no strip if there are none.
        reach: the slider goes from low to high, (low, high).
        whole: whether only whole numbers make sense: the classes of a categorical code.

    Attributes:
        value: z_j, which can be observed.
        posterior: "mean ± scale" of q(z_j|x).
        factors: names and values of the factors that the dimension is nearest to.

    Example:
        >>> row = LatentRow("z_0", "1.20 nats", values=[-2.0, 0.0, 2.0], reach=(-3.0, 3.0))
        >>> row.click(2)
        >>> row.value, row.slider.value
        (2.0, 2.0)
    """

    value = traitlets.CFloat(0.0)

    def __init__(
        self,
        name: str,
        note: str,
        values: Sequence[float],
        reach: tuple[float, float],
        whole: bool = False,
    ):
        self.name, self.note = name, note
        self.values = [float(value) for value in values]
        self.digits = 0 if whole else 2
        self.posterior = self.factors = ""
        self.slider = Slider(
            label=f"{name}, {note}" if note else name, min=reach[0], max=reach[1], whole=whole
        )
        self.about = ipywidgets.HTML(layout={"width": "11.5em", "flex": "0 0 auto"})
        titles = [f"{name} = {self._text(value)}" for value in self.values]
        self.strip = Picture(alt=f"traversal of {name}", height=STRIP_HEIGHT, titles=titles)
        self.strip.layout = {"margin": "1px 0 1px 12px", "flex": "1 1 0", "min_width": "0"}
        self.strip.on_click(self.click)
        children = [self.about, self.slider, *([self.strip] if self.values else [])]
        super().__init__(children, layout={"align_items": "center", "overflow": "hidden"})
        traitlets.link((self, "value"), (self.slider, "value"))
        self._write()

    def click(self, column: int) -> None:
        """Set the dimension to the value of an image of the strip."""
        self.move_to(self.values[column])

    def move_to(self, value: float) -> None:
        """Set the dimension, and lengthen its slider where the value lies beyond the end."""
        self.slider.min = min(self.slider.min, math.floor(value))
        self.slider.max = max(self.slider.max, math.ceil(value))
        self.value = value

    def describe(self, loc: float, scale: float, factors: dict[str, str]) -> None:
        """Write q(z_j|x) of the chosen image, and its factors {name: value}, beside the slider."""
        self.posterior = f"{self._text(loc)} ± {scale:.2f}"
        self.factors = ", ".join(f"{name} = {value}" for name, value in factors.items())
        self._write()

    def _write(self):
        lines = [
            f"<b>{html.escape(self.name)}</b>&ensp;{html.escape(self.note)}",
            html.escape(self.posterior),
        ]
        if self.factors:
            factors = html.escape(self.factors)
            lines.append(f'<span style="color:#1565c0" title="{factors}">{factors}</span>')
        text = "".join(f'<div style="{_LINE}">{line}</div>' for line in lines)
        self.about.value = f'<div style="line-height:15px;font-size:12px">{text}</div>'

    def _text(self, value):
        """The value as the slider writes it: a minus is no hyphen, and zero has none."""
        return f"{value:z.{self.digits}f}".replace("-", "\N{MINUS SIGN}")

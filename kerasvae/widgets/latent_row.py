"""The row of one latent dimension: its slider, its posterior, its traversal."""

import math
from collections.abc import Sequence

import ipywidgets
import traitlets

from kerasvae.widgets.picture import Picture

STRIP_HEIGHT = 46  # pixels on the page


class LatentRow(ipywidgets.HBox):
    """A slider for z_j, q(z_j|x) of the chosen image, and a strip of images to click.

    Args:
        label: what the row is called.
        values: those of z_j along the strip; no strip if there are none.
        reach: the slider goes from low to high, (low, high).
        whole: whether only whole numbers make sense: the classes of a categorical code.

    Attributes:
        value: z_j, which can be observed. It is exact, where the slider has steps.

    Example:
        >>> row = LatentRow("z_0", values=[-2.0, 0.0, 2.0], reach=(-3.0, 3.0))
        >>> row.click(2)
        >>> row.value, row.slider.value
        (2.0, 2.0)
    """

    value = traitlets.Float(0.0)

    def __init__(
        self,
        label: str,
        values: Sequence[float],
        reach: tuple[float, float],
        whole: bool = False,
    ):
        self.values = [float(value) for value in values]
        self.digits = 0 if whole else 2
        self.slider = ipywidgets.FloatSlider(
            min=reach[0],
            max=reach[1],
            step=1 if whole else 0.01,
            value=0.0,
            description=label,
            readout_format=f".{self.digits}f",
            style={"description_width": "8.5em"},
            layout={"width": "23em", "flex": "0 0 auto"},
        )
        self.slider.observe(self._slid, "value")
        self.posterior = ipywidgets.HTML(layout={"width": "7.5em", "flex": "0 0 auto"})
        name = label.split()[0]
        titles = [f"{name} = {self._text(value)}" for value in self.values]
        self.strip = Picture(alt=f"traversal of {name}", height=STRIP_HEIGHT, titles=titles)
        self.strip.layout = {"margin": "1px 0", "flex": "1 1 0", "min_width": "0"}
        self.strip.on_click(self.click)
        children = [self.slider, self.posterior, *([self.strip] if self.values else [])]
        super().__init__(children, layout={"align_items": "center", "overflow": "hidden"})

    def click(self, column: int) -> None:
        """Set the dimension to the value of an image of the strip."""
        self.move_to(self.values[column])

    def move_to(self, value: float) -> None:
        """Set the dimension, and lengthen its slider where the value lies beyond the end."""
        self.value = value
        self.slider.min = min(self.slider.min, math.floor(value))
        self.slider.max = max(self.slider.max, math.ceil(value))
        self.slider.value = value

    def _slid(self, change):
        # A page answers a value between two steps with the nearest step: nobody moved then.
        if abs(self.slider.value - self.value) > 0.501 * self.slider.step:
            self.value = self.slider.value

    def show_posterior(self, loc: float, scale: float) -> None:
        """Write mean and scale of q(z_j|x) beside the slider."""
        self.posterior.value = f"{self._text(loc)} ± {scale:.2f}"

    def _text(self, value):
        """The value as the slider writes it: a minus is no hyphen, and zero has none."""
        return f"{value:z.{self.digits}f}".replace("-", "\N{MINUS SIGN}")

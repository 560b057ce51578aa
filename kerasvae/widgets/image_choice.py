"""Choose an image by its number, by going through them, or at random."""

from collections.abc import Callable

import ipywidgets
import numpy as np


class ImageChoice(ipywidgets.HBox):
    """The number of the chosen image, and buttons that change it.

    Args:
        count: of images.
        index: of the image to begin with.
        back: called to show the chosen image anew.

    Attributes:
        number: the field with the index, whose value can be set and observed.
        buttons: {name: button}.

    Example:
        >>> choice = ImageChoice(5, 0, lambda: None)
        >>> choice.buttons["previous"].click()
        >>> choice.number.value
        4
    """

    def __init__(self, count: int, index: int, back: Callable[[], None]):
        self.number = ipywidgets.BoundedIntText(
            value=index,
            min=0,
            max=count - 1,
            description="image",
            style={"description_width": "4em"},
            layout={"width": "11em"},
        )

        def to(new):
            """The number that a button leads to, set in place of the number now."""
            return lambda: setattr(self.number, "value", new(self.number.value) % count)

        actions = {
            "previous": to(lambda now: now - 1),
            "next": to(lambda now: now + 1),
            "random": to(lambda now: int(np.random.default_rng().integers(count))),
            "back to its code": back,
        }
        self.buttons = {name: _button(name, act) for name, act in actions.items()}
        of = ipywidgets.Label(f"0 to {count - 1:,}")
        super().__init__(
            [self.number, of, *self.buttons.values()], layout={"flex_flow": "row wrap"}
        )


def _button(name, act):
    button = ipywidgets.Button(description=name, layout={"width": "auto"})
    button.on_click(lambda _: act())
    return button

"""A button that lets one slider sweep: the one that the keys move, or the first."""

from collections.abc import Sequence

import ipywidgets

from kerasvae.widgets.latent_row import LatentRow


class AnimateButton(ipywidgets.Button):
    """Starts a sweep of the slider in focus, and stops it.

    Args:
        rows: of all sliders; the first is swept until another is in focus.

    Attributes:
        focused: the row that a click would sweep.

    Example:
        >>> row = LatentRow("z_0", "", [], (-3.0, 3.0))
        >>> button = AnimateButton([row])
        >>> button.click()
        >>> button.description, row.slider.sweeping
        ('stop', True)
    """

    def __init__(self, rows: Sequence[LatentRow]):
        super().__init__(layout={"width": "9em"})
        self._rows = list(rows)
        for row in rows:
            row.slider.observe(lambda change: self._say(), "sweeping")
            row.slider.on_focus(lambda row=row: self._focus(row))
        self.on_click(lambda _: self._clicked())
        self._focus(self._rows[0])

    @property
    def sweeping(self) -> list[LatentRow]:
        """The rows whose sliders move by themselves now."""
        return [row for row in self._rows if row.slider.sweeping]

    def stop(self) -> None:
        """Leave every slider where it stands."""
        for row in self.sweeping:
            row.slider.sweeping = False

    def _clicked(self):
        if self.sweeping:
            self.stop()
        else:
            self.focused.slider.sweeping = True

    def _focus(self, row):
        self.focused = row
        self._say()

    def _say(self):
        self.description = "stop" if self.sweeping else f"animate {self.focused.name}"

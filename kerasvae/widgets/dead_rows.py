"""The rows of dimensions that say nothing of the image, folded away until they are asked for."""

from collections.abc import Sequence

import ipywidgets

from kerasvae.widgets.latent_row import LatentRow


class DeadRows(ipywidgets.VBox):
    """A button that shows and hides rows; nothing at all if there are none.

    Args:
        rows: those of dead dimensions.

    Attributes:
        toggle: the button, whose value is whether the rows are shown.

    Example:
        >>> dead = DeadRows([LatentRow("z_7", "0.00 nats", [], (-3.0, 3.0))])
        >>> dead.toggle.description, dead.shown
        ('show 1 dead dimension', False)
        >>> dead.toggle.value = True
        >>> dead.toggle.description, dead.shown
        ('hide 1 dead dimension', True)
    """

    def __init__(self, rows: Sequence[LatentRow]):
        self.rows = list(rows)
        self.toggle = ipywidgets.ToggleButton(layout={"width": "auto"})
        self.toggle.observe(lambda change: self._fold(), "value")
        self._box = ipywidgets.VBox(self.rows)
        super().__init__(
            [self.toggle, self._box] if self.rows else [], layout={"align_items": "flex-start"}
        )
        self._box.layout.width = "100%"
        self._fold()

    @property
    def shown(self) -> bool:
        """Whether the rows are on the page."""
        return self.toggle.value

    def _fold(self):
        count = f"{len(self.rows)} dead dimension{'' if len(self.rows) == 1 else 's'}"
        self.toggle.description = f"{'hide' if self.shown else 'show'} {count}"
        self._box.layout.display = None if self.shown else "none"

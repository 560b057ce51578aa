"""The latent explorer: move through the codes of a trained model and see what they mean."""

import math

import ipywidgets
import numpy as np
from keras import ops

from kerasvae.data import FactorDataset
from kerasvae.runs.evaluation import mean_per_dimension_kl, sampled
from kerasvae.runs.figures import FIGURE_IMAGES
from kerasvae.widgets.animate_button import AnimateButton
from kerasvae.widgets.dead_rows import DeadRows
from kerasvae.widgets.factor_choice import FactorChoice
from kerasvae.widgets.image_choice import ImageChoice
from kerasvae.widgets.inputs import check_index, check_shown
from kerasvae.widgets.latent_rows import latent_rows
from kerasvae.widgets.nearest import nearest_dimensions
from kerasvae.widgets.picture import Picture

HEIGHT = 160  # of an image on the page, in pixels


class LatentExplorer(ipywidgets.VBox):
    """Sliders for the latent dimensions of a model, and the image that it decodes.

    An image of the data set is chosen by its index or, where they are known, by its factors; the
    sliders go to its posterior mean. Below them, or by clicks on the traversals, one dimension at
    a time moves: by the mouse, by the arrow keys (0.1; with Shift 0.01; Page Up and Page Down 1;
    Home and End), or by itself (animate). Dimensions are in the order of their mean KL over up to
    1,000 images, and those below 0.01 nats are folded away; categorical codes of InfoGAN, whose
    classes have no such KL, come first. A factor's value stands beside the dimension that tells
    most of it.

    Args:
        model: a trained model of kerasvae.
        dataset: a data set of kerasvae.data with images of the model's shape.
        image: index of the image to begin with.
        span: traversals go from -span to span.

    Attributes:
        order: the dimensions from top to bottom, ints.
        kl: (D,) mean KL(q(z_j|x) || N(0, 1)) of each dimension, nats.
        rows: the `LatentRow` of each dimension, in the order of `order`.
        dead: the `DeadRows` that are folded away.
        factors: the `FactorChoice`, or None if factors are not known.
        nearest: for each factor, as `nearest_dimensions` tells; empty if factors are not known.
        code: (D,) float32, where the sliders stand; it can be set.
        index: of the chosen image; see `choose`.

    Raises:
        ValueError: a model or data set of another kind, images that do not fit the model or have
            neither 1 nor 3 channels, codes that are not finite, an index or span out of range.

    References:
        Higgins et al. 2017, figures 1 to 4 (traversals, dimensions by KL).

    Example:
        >>> import kerasvae
        >>> model = kerasvae.BetaVAE((8, 8, 1), latent_dim=3, architecture="mlp")
        >>> explorer = LatentExplorer(model, kerasvae.data.load("digits"), image=7)
        >>> bool(np.allclose(explorer.code, model.embed(explorer.image_shown)[0], atol=1e-5))
        True
    """

    def __init__(self, model, dataset, image: int = 0, span: float = 2.0):
        check_shown(model, dataset)
        check_index(dataset, image)
        if not (span > 0 and math.isfinite(span)):
            raise ValueError(f"span must be positive and finite. Received: span={span!r}")
        self._model, self._dataset = model, dataset
        sample = sampled(dataset, FIGURE_IMAGES)
        parameters = model.posteriors(sample)
        if not all(np.isfinite(values).all() for values in parameters.values()):
            raise ValueError(
                "model: expected finite codes. Received: NaN or infinity for images of "
                f"{dataset.name}; its training has diverged, perhaps by too large a learning rate."
            )
        self.kl = mean_per_dimension_kl(parameters, model)
        self.nearest = []
        if isinstance(dataset, FactorDataset):
            factors = sample.factors(np.arange(len(sample)))
            self.nearest = nearest_dimensions(parameters["loc"], factors)
        self._moving = False
        rows, dead = latent_rows(model, self.kl, parameters["loc"], span)
        self.order, self.rows, self.dead = list(rows), list(rows.values()), DeadRows(dead)
        self._build_header(image)
        alive = [row for row in self.rows if row not in dead]
        self.animation = AnimateButton([*alive, *dead])
        self.controls.children += (self.animation,)
        super().__init__([*self._header, *alive, self.dead])
        for row in self.rows:
            row.observe(self._moved, "value")
            row.slider.observe(self._swept, "sweeping")
        self.controls.number.observe(lambda change: self._show_image(), "value")
        self.dead.toggle.observe(lambda change: self._draw(), "value")
        self._show_image()

    # What can be done from Python, as by the mouse

    @property
    def index(self) -> int:
        """Index of the chosen image."""
        return self.controls.number.value

    @property
    def image_shown(self) -> np.ndarray:
        """The chosen image, (1, H, W, C) float32 in [0, 1]."""
        return self._dataset.images(self.index)

    def choose(self, index: int) -> None:
        """Choose an image by its index; the sliders go to its posterior mean."""
        check_index(self._dataset, index)
        if index == self.index:
            self._show_image()
        else:
            self.controls.number.value = index

    @property
    def code(self) -> np.ndarray:
        """(D,) float32, where the sliders stand."""
        code = np.empty(len(self.rows), "float32")
        code[self.order] = [row.value for row in self.rows]
        return code

    @code.setter
    def code(self, values) -> None:
        values = np.asarray(values, "float64")
        if values.shape != (len(self.rows),) or not np.isfinite(values).all():
            raise ValueError(
                f"code: expected {len(self.rows)} finite numbers. Received: {values.tolist()!r}"
            )
        self._moving = True  # one picture for all sliders, not one for each
        try:
            self.animation.stop()
            for row, dimension in zip(self.rows, self.order, strict=True):
                row.move_to(float(values[dimension]))
        finally:
            self._moving = False
        self._draw()

    # What answers

    def _moved(self, change):
        if not self._moving:
            self._draw(strips=not self.animation.sweeping)  # of a sweep only the image keeps pace

    def _swept(self, change):
        if not change.new and not self._moving:
            self._draw()

    def _show_image(self):
        image = self.image_shown
        parameters = self._model.posteriors(image)
        texts = {} if self.factors is None else self.factors.texts(self.index)
        for row, dimension in zip(self.rows, self.order, strict=True):
            near = [
                name
                for name, (best, _) in zip(texts, self.nearest, strict=True)
                if best == dimension
            ]
            loc, scale = (parameters[name][0, dimension] for name in ("loc", "scale"))
            row.describe(loc, scale, {name: texts[name] for name in near})
        if self.factors is not None:
            self.factors.show(self.index)
        self.original.show(image)
        self.code = parameters["loc"][0]
        self.reconstruction.src = self.decoded.src

    def _draw(self, strips=True):
        """Decode where the sliders stand, and then all traversals through there in one batch."""
        code = self.code
        # On its own and first: the page shows it while the traversals are still computed.
        self.decoded.show(self._mean_images(code[None]))
        folded = [] if self.dead.shown else self.dead.rows
        traversed = [
            (row, dimension)
            for row, dimension in zip(self.rows, self.order, strict=True)
            if row.values and row not in folded
        ]
        if not strips or not traversed:
            return
        ends = np.cumsum([len(row.values) for row, _ in traversed])
        codes = np.tile(code, (ends[-1], 1))
        for (row, dimension), line in zip(traversed, np.split(codes, ends[:-1]), strict=True):
            line[:, dimension] = row.values
        images = np.split(self._mean_images(codes), ends[:-1])
        for (row, _), strip in zip(traversed, images, strict=True):
            row.strip.show(strip)

    def _mean_images(self, codes):
        return ops.convert_to_numpy(
            self._model.pixel_distribution(self._model.decode(codes)).mean()
        )

    # What is seen

    def _build_header(self, image):
        height, width = self._dataset.image_shape[:2]
        shape = {"height": HEIGHT, "layout": {"width": f"{HEIGHT * width // height}px"}}
        self.original = Picture(alt="image of the data set", **shape)
        self.reconstruction = Picture(alt="reconstruction from the posterior mean", **shape)
        self.decoded = Picture(alt="image decoded from the sliders", **shape)
        captions = {
            "image": self.original,
            "reconstruction": self.reconstruction,
            "decoded from the sliders": self.decoded,
        }
        shown = [
            ipywidgets.VBox([ipywidgets.Label(caption), picture], layout={"margin": "0 1em 0 0"})
            for caption, picture in captions.items()
        ]
        self.controls = ImageChoice(len(self._dataset), image, lambda: self.choose(self.index))
        self.factors = None
        if self.nearest:
            self.factors = FactorChoice(self._dataset, self.nearest, self.choose)
            shown.append(self.factors)
        self._header = [
            self.controls,
            ipywidgets.HBox(shown, layout={"flex_flow": "row wrap"}),
            ipywidgets.HTML(_HINT),
        ]


_HINT = (
    '<div style="line-height:18px;font-size:12px;margin:4px 0">Dimensions by KL, with mean ± scale '
    "of the image's posterior. Arrow keys move the slider in focus by 0.1, with Shift by 0.01, "
    "Page Up and Page Down by 1, Home and End to its ends. A click on a traversal sets that "
    "dimension.</div>"
)

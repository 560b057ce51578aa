"""The latent explorer: move through the codes of a trained model and see what they mean."""

import html
import math

import ipywidgets
import numpy as np
from keras import ops

from kerasvae.data import FactorDataset, ImageDataset
from kerasvae.models import LatentVariableModel
from kerasvae.runs.evaluation import mean_per_dimension_kl, sampled
from kerasvae.runs.figures import COLUMNS, FIGURE_IMAGES
from kerasvae.widgets.latent_row import LatentRow
from kerasvae.widgets.picture import Picture

SHORTEST_REACH = 3.0  # a slider goes at least so far from 0; it holds all but 0.3% of N(0, 1)
HEIGHT = 160  # of an image on the page, in pixels
STRIPS = 10  # dimensions that are traversed; more would neither fit the page nor keep its pace


class LatentExplorer(ipywidgets.VBox):
    """Sliders for the latent dimensions of a model, and the image that it decodes.

    An image of the data set is chosen by its index; the sliders go to its posterior mean. Below
    them, or by clicks on the traversals, one dimension at a time moves. Dimensions are in the
    order of their mean KL over up to 1,000 images; categorical codes of InfoGAN, whose classes
    have no such KL, come first.

    Args:
        model: a trained model of kerasvae.
        dataset: a data set of kerasvae.data with images of the model's shape.
        image: index of the image to begin with.
        span: traversals go from -span to span.

    Attributes:
        order: the dimensions from top to bottom, ints.
        kl: (D,) mean KL(q(z_j|x) || N(0, 1)) of each dimension, nats.
        rows: the `LatentRow` of each dimension, in the order of `order`.
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
        _check(model, dataset)
        _check_index(dataset, image)
        if not (span > 0 and math.isfinite(span)):
            raise ValueError(f"span must be positive and finite. Received: span={span!r}")
        self._model, self._dataset = model, dataset
        parameters = model.posteriors(sampled(dataset, FIGURE_IMAGES))
        if not all(np.isfinite(values).all() for values in parameters.values()):
            raise ValueError(
                "model: expected finite codes. Received: NaN or infinity for images of "
                f"{dataset.name}; its training has diverged, perhaps by too large a learning rate."
            )
        self.kl = mean_per_dimension_kl(parameters)
        classes = _classes(model)
        continuous = [j for j in np.argsort(-self.kl, kind="stable").tolist() if j not in classes]
        self.order = [*classes, *continuous]
        reach = np.maximum(SHORTEST_REACH, np.ceil(np.abs(parameters["loc"]).max(axis=0)))
        self.rows = [
            LatentRow(f"z_{j} ({classes[j]} classes)", range(classes[j]), (0, classes[j] - 1), True)
            if j in classes
            else LatentRow(
                f"z_{j} ({self.kl[j]:.2f} nats)",
                np.linspace(-span, span, COLUMNS) if place < STRIPS else [],
                (-reach[j], reach[j]),
            )
            for place, j in enumerate(self.order)
        ]
        self._moving = False
        self._build_header(image, span)
        super().__init__([*self._header, *self.rows])
        for row in self.rows:
            row.observe(self._moved, "value")
        self._number.observe(lambda change: self._show_image(), "value")
        self._show_image()

    # What can be done from Python, as by the mouse

    @property
    def index(self) -> int:
        """Index of the chosen image."""
        return self._number.value

    @property
    def image_shown(self) -> np.ndarray:
        """The chosen image, (1, H, W, C) float32 in [0, 1]."""
        return self._dataset.images(self.index)

    def choose(self, index: int) -> None:
        """Choose an image by its index; the sliders go to its posterior mean."""
        _check_index(self._dataset, index)
        if index == self.index:
            self._show_image()
        else:
            self._number.value = index

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
            for row, dimension in zip(self.rows, self.order, strict=True):
                row.move_to(float(values[dimension]))
        finally:
            self._moving = False
        self._draw()

    # What answers

    def _moved(self, change):
        if not self._moving:
            self._draw()

    def _show_image(self):
        image = self.image_shown
        parameters = self._model.posteriors(image)
        for row, dimension in zip(self.rows, self.order, strict=True):
            row.show_posterior(*(parameters[name][0, dimension] for name in ("loc", "scale")))
        self.factors.value = _factor_table(self._dataset, self.index)
        self.original.show(image)
        self.code = parameters["loc"][0]
        self.reconstruction.src = self.decoded.src

    def _draw(self):
        """Decode where the sliders stand, and then all traversals through there in one batch."""
        code = self.code
        # On its own and first: the page shows it while the traversals are still computed.
        self.decoded.show(self._mean_images(code[None]))
        traversed = [
            (row, dimension)
            for row, dimension in zip(self.rows, self.order, strict=True)
            if row.values
        ]
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

    def _build_header(self, image, span):
        height, width = self._dataset.image_shape[:2]
        shape = {"height": HEIGHT, "layout": {"width": f"{HEIGHT * width // height}px"}}
        self.original = Picture(alt="image of the data set", **shape)
        self.reconstruction = Picture(alt="reconstruction from the posterior mean", **shape)
        self.decoded = Picture(alt="image decoded from the sliders", **shape)
        self.factors = ipywidgets.HTML()
        last = len(self._dataset) - 1
        self._number = ipywidgets.BoundedIntText(
            value=image,
            min=0,
            max=last,
            description="image",
            style={"description_width": "4em"},
            layout={"width": "11em"},
        )
        of = ipywidgets.Label(f"0 to {last:,}")
        self.buttons = {
            "previous": lambda: self.choose((self.index - 1) % (last + 1)),
            "next": lambda: self.choose((self.index + 1) % (last + 1)),
            "random": lambda: self.choose(int(np.random.default_rng().integers(last + 1))),
            "back to its code": lambda: self.choose(self.index),
        }
        self.buttons = {name: _button(name, act) for name, act in self.buttons.items()}
        captions = {
            "image": self.original,
            "reconstruction": self.reconstruction,
            "decoded from the sliders": self.decoded,
        }
        pictures = [
            ipywidgets.VBox([ipywidgets.Label(caption), picture], layout={"margin": "0 1em 0 0"})
            for caption, picture in captions.items()
        ]
        hint = ipywidgets.HTML(
            "Sliders by KL; posterior mean ± scale of the image; traversals through the sliders' "
            f"code, from −{span:g} to {span:g}: a click sets that dimension."
        )
        self._header = [
            ipywidgets.HBox([self._number, of, *self.buttons.values()]),
            ipywidgets.HBox([*pictures, self.factors]),
            hint,
        ]


def _button(name, act):
    button = ipywidgets.Button(description=name, layout={"width": "auto"})
    button.on_click(lambda _: act())
    return button


def _classes(model) -> dict[int, int]:
    """Number of classes of each categorical dimension, {dimension: count}."""
    categories = getattr(model, "categories", ())  # InfoGAN's, the last of its codes
    return dict(enumerate(categories, start=model.latent_dim - len(categories)))


def _factor_table(dataset, index) -> str:
    """Names and values of an image's ground-truth factors, as HTML; "" if they are not known."""
    if not isinstance(dataset, FactorDataset):
        return ""
    (codes,) = dataset.factors(index)
    rows = "".join(
        f"<tr><td>{html.escape(str(name))}</td><td>&emsp;{html.escape(_text(values[code]))}</td></tr>"
        for name, values, code in zip(
            dataset.factor_names, dataset.factor_values, codes, strict=True
        )
    )
    return f"<b>ground-truth factors</b><table>{rows}</table>"


def _text(value) -> str:
    return f"{value:.3g}" if isinstance(value, float | np.floating) else str(value)


def _check(model, dataset):
    if not isinstance(model, LatentVariableModel):
        raise ValueError(
            "model: expected a model of kerasvae, such as kerasvae.BetaVAE. "
            f"Received: {type(model).__name__}"
        )
    if not isinstance(dataset, ImageDataset):
        raise ValueError(
            "dataset: expected a data set, from kerasvae.data.load, or of your own images "
            f"kerasvae.data.ImageDataset(images). Received: {type(dataset).__name__}"
        )
    if tuple(dataset.image_shape) != tuple(model.image_shape):
        raise ValueError(
            f"dataset: expected images of the model's shape {tuple(model.image_shape)}. "
            f"Received: {dataset.name} with images of shape {dataset.image_shape}"
        )
    if dataset.image_shape[-1] not in (1, 3):
        raise ValueError(
            "dataset: expected images of 1 or 3 channels, which can be shown. "
            f"Received: images of shape {dataset.image_shape}"
        )


def _check_index(dataset, index):
    if isinstance(index, bool) or not isinstance(index, int | np.integer):
        raise ValueError(f"image: expected a whole number. Received: image={index!r}")
    if not 0 <= index < len(dataset):
        raise ValueError(
            f"image: {dataset.name} has images 0..{len(dataset) - 1}. Received: image={index}"
        )

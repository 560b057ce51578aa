import json
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from kerasvae import plotting
from kerasvae.surgery.decomposition import Decomposition

pytestmark = pytest.mark.numpy_only


def rendered(figure):
    """The pixels of a figure, (height, width, 3) in 0..255; warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def picture(figure):
    """The array that the figure's only panel shows."""
    (panel,) = figure.axes
    (image,) = panel.images
    return np.asarray(image.get_array())


def tile(figure, row, column, side):
    gap = max(1, side // 16)
    top, left = row * (side + gap), column * (side + gap)
    return picture(figure)[top : top + side, left : left + side]


@pytest.fixture
def images():
    return np.random.default_rng(0).random((7, 8, 8, 1)).astype("float32")


def test_reconstructions_stand_below_their_images(images):
    figure = plotting.reconstructions(images, 1 - images, columns=4)
    for index in range(7):
        row, column = 2 * (index // 4), index % 4
        np.testing.assert_array_equal(tile(figure, row, column, 8), images[index, ..., 0])
        np.testing.assert_array_equal(tile(figure, row + 1, column, 8), 1 - images[index, ..., 0])
    assert (tile(figure, 2, 3, 8) == 1).all(), "the empty place is white"
    assert picture(figure).shape == (4 * 9 - 1, 4 * 9 - 1), "a gap of one pixel"
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["image", "reconstruction"] * 2


def test_traversals_have_a_row_for_each_dimension_and_a_column_for_each_value():
    images = np.random.default_rng(0).random((3, 5, 32, 32, 3)).astype("float32")
    figure = plotting.traversals(images, values=[-2, -1, 0, 1, 2.5], labels=["a", "b", "c"])
    for row in range(3):
        for column in range(5):
            np.testing.assert_array_equal(tile(figure, row, column, 32), images[row, column])
    panel = figure.axes[0]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["-2", "-1", "0", "1", "2.5"]
    default = plotting.traversals(images).axes[0]
    assert [label.get_text() for label in default.get_yticklabels()][2] == "$z_{2}$"


def test_grey_images_use_the_whole_scale_from_black_to_white():
    # Without fixed limits, matplotlib would stretch these two greys to black and white.
    figure = plotting.reconstructions(np.full((1, 8, 8, 1), 0.4), np.full((1, 8, 8, 1), 0.6))
    shades = rendered(figure)
    assert (shades == round(0.4 * 255)).all(-1).any()
    assert (shades == round(0.6 * 255)).all(-1).any()


def test_terms_over_training_draws_each_term_once_with_its_validation():
    history = {"loss": [9.0, 8.0, 7.0], "kl": [1.0, 2.0, 3.0], "val_kl": [2.0, 3.0, 4.0]}
    figure = plotting.terms_over_training(history, x=[10, 20, 30], x_label="step")
    rendered(figure)
    loss, kl = figure.axes
    assert (loss.get_title(), kl.get_title()) == ("loss", "kl")
    assert loss.get_ylabel() == "nats per image"
    assert loss.get_xlabel() == kl.get_xlabel() == "step"
    (line,) = loss.lines
    np.testing.assert_array_equal(line.get_xydata(), [[10, 9], [20, 8], [30, 7]])
    training, validation = kl.lines
    np.testing.assert_array_equal(training.get_ydata(), history["kl"])
    np.testing.assert_array_equal(validation.get_ydata(), history["val_kl"])
    assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.parametrize("count", [1, 2, 4, 7, 8])
def test_terms_over_training_makes_a_panel_for_each_term(count):
    figure = plotting.terms_over_training({f"term_{i}": [1.0, 2.0] for i in range(count)})
    rendered(figure)
    assert [panel.get_title() for panel in figure.axes] == [f"term {i}" for i in range(count)]
    assert figure.axes[0].lines[0].get_xdata()[0] == 1


def test_the_style_is_used_and_restored():
    before = matplotlib.rcParams["image.cmap"], matplotlib.rcParams["axes.prop_cycle"]
    plotting.terms_over_training({"kl": [1.0]})
    with plotting.style():
        assert matplotlib.rcParams["image.cmap"] == "gray"
    assert before == (matplotlib.rcParams["image.cmap"], matplotlib.rcParams["axes.prop_cycle"])
    figure = plotting.terms_over_training({"a": [1.0], "b": [1.0]})
    first, second = (panel.lines[0] for panel in figure.axes)
    assert first.get_color() != second.get_color() and first.get_marker() != second.get_marker()


def test_every_colour_stands_out_from_white_paper_and_from_the_others():
    def luminance(colour):  # WCAG 2.1
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    colours = [to_rgb(colour) for colour in plotting.COLOURS]
    assert all(1.05 / (luminance(colour) + 0.05) > 2 for colour in colours)
    assert len(set(colours)) == len(set(plotting.MARKERS)) == len(plotting.COLOURS)


def test_no_figure_stays_open_and_a_notebook_can_show_it(images):
    from matplotlib import pyplot

    figure = plotting.reconstructions(images, images)
    assert isinstance(figure, matplotlib.figure.Figure)
    assert pyplot.get_fignums() == []
    png = figure._repr_png_()
    assert png.startswith(b"\x89PNG") and len(png) < 60_000


def bars(figure):
    """(foot, height) of every bar and (low, high) of every error bar, a column for each model."""
    (panel,) = figure.axes
    parts = [c for c in panel.containers if isinstance(c, matplotlib.container.BarContainer)]
    errors = [c for c in panel.containers if isinstance(c, matplotlib.container.ErrorbarContainer)]
    spans = [[bar.get_y(), bar.get_height()] for part in parts for bar in part]
    marks = [mark[:, 1] for part in errors for mark in part[2][0].get_segments()]
    return np.reshape(spans, (3, -1, 2)), np.reshape(marks, (3, -1, 2))


def surgery(mutual_information, total_correlation, dimension_wise_kl, **more):
    parts = (mutual_information, total_correlation, dimension_wise_kl)
    return {**dict(zip(plotting.SURGERY_PARTS, parts, strict=True)), **more}


def test_surgery_bars_stack_the_parts_with_their_standard_errors():
    one = surgery(8.0, 2.0, 0.5, standard_errors={"total_correlation": 0.25}, reconstruction=17.0)
    figure = plotting.surgery_bars({"VAE": one, "beta-VAE": surgery(6.0, 1.0, 0.25)})
    rendered(figure)
    spans, marks = bars(figure)
    np.testing.assert_array_equal(spans[:, 0], [[0, 8], [8, 2], [10, 0.5]])
    np.testing.assert_array_equal(spans[:, 1], [[0, 6], [6, 1], [7, 0.25]])
    np.testing.assert_array_equal(marks[:, 0], [[8, 8], [9.75, 10.25], [10.5, 10.5]])
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_xticklabels()] == ["VAE", "beta-VAE"]
    assert [text.get_text() for text in panel.texts] == ["17.0"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == list(plotting.SURGERY_PARTS[::-1]), "from top to bottom, as in the bars"


def test_surgery_bars_of_several_runs_show_their_mean_and_spread():
    runs = [surgery(7.0, 2.0, 0.5, reconstruction=16.0), surgery(9.0, 2.0, 0.5, reconstruction=18)]
    figure = plotting.surgery_bars({"VAE": runs})
    spans, marks = bars(figure)
    np.testing.assert_array_equal(spans[:, 0], [[0, 8], [8, 2], [10, 0.5]])
    np.testing.assert_allclose(marks[0, 0], [8 - np.sqrt(2), 8 + np.sqrt(2)])  # ddof 1
    assert [text.get_text() for text in figure.axes[0].texts] == ["17.0"]


def test_surgery_bars_take_what_surgery_returns_and_its_json():
    terms = surgery(1.0, 0.5, 0.25, kl=1.75, marginal_kl=0.75)
    errors = {name: 0.1 for name in terms}
    result = Decomposition(
        **terms, per_dimension_kl=np.ones(2), standard_errors=errors, num_images=9, samples=16
    )
    saved = json.loads(json.dumps(result.to_dict()))
    drawn = [bars(plotting.surgery_bars({"a": one})) for one in (result, saved)]
    for left, right in zip(*drawn, strict=True):
        np.testing.assert_array_equal(left, right)


def test_factor_heatmap_shows_every_number_in_its_place():
    matrix = np.array([[0.0, 0.25], [0.5, 0.0], [1.0, 0.75]])
    figure = plotting.factor_heatmap(matrix, ["shape", "scale"], label="nats")
    panel, bar = figure.axes
    np.testing.assert_array_equal(panel.images[0].get_array(), matrix)
    written = {text.get_position(): text.get_text() for text in panel.texts}
    expected = {(k, j): f"{matrix[j, k]:.2f}" for j in range(3) for k in range(2)}
    assert written == expected
    assert [label.get_text() for label in panel.get_xticklabels()] == ["shape", "scale"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["z_0", "z_1", "z_2"]
    assert bar.get_ylabel() == "nats"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x: plotting.reconstructions(x, x[:3]), r"one for each image.*\(3, 8, 8, 1\)"),
        (lambda x: plotting.reconstructions(x[0], x[0]), r"\(n, H, W, C\).*shape=\(8, 8, 1\)"),
        (lambda x: plotting.reconstructions(x[:0], x[:0]), "not empty"),
        (lambda x: plotting.reconstructions(x, x, columns=0), "Received: columns=0"),
        (lambda x: plotting.traversals(x), r"\(D, S, H, W, C\).*shape=\(7, 8, 8, 1\)"),
        (lambda x: plotting.traversals(x[None], values=[1, 2]), "values: expected 7.*Received: 2"),
        (lambda x: plotting.traversals(x[None], labels="ab"), "labels: expected 1.*Received: 2"),
        (lambda x: plotting.terms_over_training({}), "at least one term"),
        (lambda x: plotting.terms_over_training({"kl": []}), "at least one term"),
        (lambda x: plotting.terms_over_training({"a": [1], "b": [1, 2]}), "Received: {'a': 1, 'b'"),
        (lambda x: plotting.terms_over_training({"a": [1]}, x=[1, 2]), "each of the 2 places"),
        (lambda x: plotting.surgery_bars({}), "at least one model"),
        (lambda x: plotting.factor_heatmap([1.0, 2.0]), r"\(codes, factors\).*shape=\(2,\)"),
        (lambda x: plotting.factor_heatmap([[np.nan]]), "finite"),
        (lambda x: plotting.factor_heatmap([[1.0]], ["a", "b"]), "factor_names: expected 1"),
        (lambda x: plotting.surgery_bars({"a": []}), "a: expected a finite mutual_information"),
        (lambda x: plotting.surgery_bars({"a": surgery(1.0, np.nan, 1.0)}), "total_corr.*nan"),
        (lambda x: plotting.surgery_bars({"a": {"kl": 1.0}}), "Received: mutual_inf.*=None"),
    ],
)
def test_what_does_not_fit_is_refused(images, call, message):
    with pytest.raises(ValueError, match=message):
        call(images)


@pytest.mark.parametrize("side, count", [(8, 12), (32, 3), (64, 10)])
def test_nothing_is_cut_off(side, count):
    images = np.zeros((count, side, side, 1), "float32")
    for figure in (
        plotting.reconstructions(images, images),
        plotting.traversals(images[None], values=range(count), labels=["$z_0$  0.25 nats"]),
        plotting.terms_over_training({"reconstruction": [1000.5, 2000.5], "kl": [0.1, 0.2]}),
        plotting.surgery_bars({f"model {i}": surgery(8, 2, 1, reconstruction=9) for i in range(4)}),
        plotting.factor_heatmap(np.eye(count)[:, :5]),
    ):
        rendered(figure)
        for panel in figure.axes:
            box = panel.get_tightbbox()
            assert box.x0 >= 0 and box.y0 >= 0
            assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height

"""The latent explorer without a browser: what it shows, against the model's own functions."""

import ast
import base64
import io
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import kerasvae
from kerasvae.data import FactorDataset, ImageDataset
from tests.registry import OBJECTIVES, SMALL

pytest.importorskip("anywidget")
widgets = pytest.importorskip("kerasvae.widgets")
LatentExplorer = widgets.LatentExplorer

ROOT = Path(__file__).resolve().parents[2]
LEVEL = 0.51 / 255  # half of a step between the grey levels of a PNG file
# Every model on small networks, whose first run JAX compiles quickly, and one in colour.
SHOWN = {name: case for name, case in OBJECTIVES.items() if case[1]["architecture"] == "mlp"}
SHOWN["VAE in colour"] = (kerasvae.VAE, SMALL | {"image_shape": (8, 10, 3)})


def pixels(picture):
    """The image that a picture shows, (H, W, C) in [0, 1], read by another library's decoder."""
    kind, content = picture.src.split(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        array = np.asarray(image, "float64") / 255
    return array if array.ndim == 3 else array[..., None]


def random_images(shape, count=12):
    return np.random.default_rng(0).random((count, *shape)).astype("float32")


def dataset_for(model):
    values = {"size": [0.5, 1.0, 1.25], "shape": ["square", "<b>"], "turn": [0, 1]}
    return FactorDataset(random_images(model.image_shape), values, name="twelve")


def known_posterior(loc, scale):
    """A model that encodes every image to the same posterior."""
    count = len(loc)
    outputs = keras.layers.Dense(2 * count, kernel_initializer="zeros")
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), outputs])
    outputs.bias.assign(np.concatenate([loc, 2 * np.log(scale)]))
    return kerasvae.VAE((8, 8, 1), count, "mlp", encoder=encoder)


@pytest.fixture
def model():
    return kerasvae.VAE(**SMALL)


@pytest.fixture
def explorer(model):
    return LatentExplorer(model, dataset_for(model), image=4)


def row_of(explorer, dimension):
    return explorer.rows[explorer.order.index(dimension)]


@pytest.mark.parametrize("name", SHOWN)
def test_every_model_shows_an_image_its_reconstruction_and_its_code(name):
    constructor, arguments = SHOWN[name]
    model = constructor(**arguments)
    dataset = dataset_for(model)
    explorer = LatentExplorer(model, dataset, image=4)
    image = dataset.images(4)
    np.testing.assert_allclose(pixels(explorer.original), image[0], atol=LEVEL)
    reconstruction = model.reconstruct(image)[0]
    np.testing.assert_allclose(
        pixels(explorer.reconstruction), np.clip(reconstruction, 0, 1), atol=LEVEL + 1e-4
    )
    assert explorer.decoded.src == explorer.reconstruction.src

    expected = model.posteriors(image)
    np.testing.assert_allclose(explorer.code, expected["loc"][0], rtol=1e-4, atol=1e-5)
    assert sorted(explorer.order) == list(range(model.latent_dim))
    for row, dimension in zip(explorer.rows, explorer.order, strict=True):
        assert row.slider.value == pytest.approx(expected["loc"][0, dimension], abs=1e-4)
        loc, scale = row.posterior.value.replace("\N{MINUS SIGN}", "-").split(" ± ")
        assert float(scale) == pytest.approx(expected["scale"][0, dimension], abs=0.0051)
        assert float(loc) == pytest.approx(expected["loc"][0, dimension], abs=0.0051)


def test_a_slider_changes_the_image_to_what_its_code_decodes_to(explorer, model):
    before = explorer.decoded.src
    code = explorer.code
    row_of(explorer, 1).slider.value = code[1] = -2.5
    assert explorer.decoded.src != before
    mean = model.pixel_distribution(model.decode(code[None])).mean()
    expected = keras.ops.convert_to_numpy(mean)[0]
    np.testing.assert_allclose(pixels(explorer.decoded), expected, atol=LEVEL + 1e-5)
    np.testing.assert_array_equal(explorer.code, code)
    assert explorer.reconstruction.src == before, "the reconstruction stays that of the image"


def test_the_strips_are_the_traversals_through_the_code(explorer, model):
    explorer.code = code = np.array([0.3, -1.0, 0.7], "float32")
    values = np.linspace(-2, 2, 9)
    for dimension, expected in enumerate(model.traverse(code, values)):
        strip = pixels(row_of(explorer, dimension).strip)  # (8, 9 images and 8 gaps, 1)
        for place, image in enumerate(expected):
            shown = strip[:, 9 * place : 9 * place + 8]
            np.testing.assert_allclose(shown, image, atol=LEVEL + 1e-5)
        assert (strip[:, 8:-1:9] == 1).all()


def test_a_click_on_a_strip_sets_that_dimension_alone(explorer):
    row, code = row_of(explorer, 2), explorer.code
    # What the page sends; the browser's test sees that it does.
    row.strip._handle_custom_msg({"column": 7}, [])
    code[2] = 1.5
    np.testing.assert_array_equal(explorer.code, code)
    assert row.slider.value == 1.5
    assert row.strip.titles[7] == "z_2 = 1.50" and row.strip.titles[0] == "z_2 = \N{MINUS SIGN}2.00"
    for nonsense in ({"column": 9}, {"column": -1}, {"column": "7"}, {}, "text", None):
        row.strip._handle_custom_msg(nonsense, [])
    np.testing.assert_array_equal(explorer.code, code)


def test_dimensions_are_in_the_order_of_their_kl():
    loc, scale = np.array([0.1, 2.0, 0.0, -1.0]), np.array([0.9, 0.5, 1.0, 0.1])
    model = known_posterior(loc, scale)
    explorer = LatentExplorer(model, ImageDataset(random_images((8, 8, 1))))
    kl = 0.5 * (loc**2 + scale**2 - 1) - np.log(scale)  # 0.015, 2.318, 0, 2.308
    np.testing.assert_allclose(explorer.kl, kl, atol=1e-5)
    assert explorer.order == [1, 3, 0, 2]
    labels = [row.slider.description for row in explorer.rows]
    assert labels == ["z_1 (2.32 nats)", "z_3 (2.31 nats)", "z_0 (0.02 nats)", "z_2 (0.00 nats)"]
    assert explorer.rows[1].posterior.value == "\N{MINUS SIGN}1.00 ± 0.10"


def test_categorical_codes_come_first_and_take_their_classes():
    model = kerasvae.InfoGAN(**SMALL | {"latent_dim": 4}, categories=(12, 2), noise_dim=3)
    explorer = LatentExplorer(model, dataset_for(model))
    assert explorer.order[:2] == [2, 3] and sorted(explorer.order[2:]) == [0, 1]
    row = explorer.rows[0]
    slider = row.slider
    assert (slider.description, slider.min, slider.max, slider.step) == (
        "z_2 (12 classes)",
        0,
        11,
        1,
    )
    images = set()
    for column in range(12):
        row.click(column)
        assert explorer.code[2] == column
        images.add(explorer.decoded.src)
    assert len(images) == 12


def test_choosing_an_image_draws_once(explorer, model, monkeypatch):
    decoded = []
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z: decoded.append(len(z)) or decode(z))
    explorer.choose(9)
    assert decoded == [1, 3 * 9], "the image, and then nine of each dimension in one batch"
    np.testing.assert_allclose(
        pixels(explorer.original), dataset_for(model).images(9)[0], atol=LEVEL
    )
    np.testing.assert_allclose(explorer.code, model.embed(explorer.image_shown)[0], atol=1e-5)


def test_what_the_page_answers_does_not_move_the_code(explorer, model, monkeypatch):
    # The page rounds a slider to its steps and sends that back, for every slider.
    explorer.code = code = np.array([0.1234, -1.4567, 0.005], "float32")
    monkeypatch.setattr(model, "decode", lambda z: pytest.fail("drawn anew"))
    for dimension, value in enumerate(code):
        row_of(explorer, dimension).slider.value = round(float(value), 2)
    np.testing.assert_array_equal(explorer.code, code)


def test_the_buttons(explorer):
    def press(name):
        explorer.buttons[name].click()
        return explorer.index

    assert [press("next"), press("previous"), press("previous")] == [5, 4, 3]
    explorer.choose(0)
    assert press("previous") == 11
    assert press("next") == 0
    drawn = {press("random") for _ in range(60)}
    assert drawn <= set(range(12)) and len(drawn) > 4  # four values or fewer: (1/3)^60 at best
    explorer.choose(6)
    code = explorer.code
    row_of(explorer, 0).slider.value = 2.9
    assert press("back to its code") == 6
    np.testing.assert_array_equal(explorer.code, code)
    assert explorer.decoded.src == explorer.reconstruction.src


def test_a_slider_reaches_every_code(explorer):
    explorer.code = [9.3, -12.0, 0.0]
    first, second = row_of(explorer, 0).slider, row_of(explorer, 1).slider
    assert (first.min, first.max, first.value) == (-3, 10, 9.3)
    assert (second.min, second.max, second.value) == (-12, 3, -12)
    far = known_posterior(np.array([0.0, 7.2]), np.array([1.0, 1.0]))
    explorer = LatentExplorer(far, ImageDataset(random_images((8, 8, 1))))
    assert [row.slider.max for row in explorer.rows] == [8, 3]


def test_many_dimensions_have_sliders_but_ten_strips():
    model = kerasvae.VAE((8, 8, 1), 13, "mlp")
    explorer = LatentExplorer(model, dataset_for(model))
    assert [bool(row.strip.src) for row in explorer.rows] == [True] * 10 + [False] * 3
    explorer.rows[12].slider.value = 1.0
    assert explorer.code[explorer.order[12]] == 1


def test_the_factors_of_the_image_stand_beside_it(explorer, model):
    def table():
        return re.findall(r"<td>(?:&emsp;)?(.*?)</td>", explorer.factors.value)

    # Image 4 of the grid 3 x 2 x 2 with the last factor fastest is (1, 0, 0).
    assert table() == ["size", "1", "shape", "square", "turn", "0"]
    explorer.choose(11)
    assert table() == ["size", "1.25", "shape", "&lt;b&gt;", "turn", "1"]
    plain = LatentExplorer(model, ImageDataset(random_images((8, 8, 1))))
    assert plain.factors.value == ""


@pytest.mark.parametrize(
    "change, message",
    [
        ({"model": "vae"}, r"model: expected a model of kerasvae.* Received: str"),
        ({"dataset": random_images((8, 8, 1))}, r"ImageDataset\(images\).* Received: ndarray"),
        (
            {"dataset": ImageDataset(random_images((9, 8, 1)), name="odd")},
            r"expected images of the model's shape \(8, 8, 1\).* Received: odd .*\(9, 8, 1\)",
        ),
        ({"image": 12}, r"twelve has images 0\.\.11.* Received: image=12"),
        ({"image": -1}, r"Received: image=-1"),
        ({"image": 1.5}, r"whole number.* Received: image=1\.5"),
        ({"span": 0}, r"span must be positive.* Received: span=0"),
        ({"span": float("nan")}, r"Received: span=nan"),
    ],
)
def test_bad_input_is_refused(model, change, message):
    arguments = {"model": model, "dataset": dataset_for(model)} | change
    with pytest.raises(ValueError, match=message):
        LatentExplorer(**arguments)


def test_what_cannot_be_shown_is_refused(explorer):
    two_channels = kerasvae.VAE((8, 8, 2), 2, "mlp")
    with pytest.raises(ValueError, match=r"1 or 3 channels.*\(8, 8, 2\)"):
        LatentExplorer(two_channels, dataset_for(two_channels))
    diverged = known_posterior(np.array([np.nan]), np.array([1.0]))
    with pytest.raises(ValueError, match="finite codes.*diverged"):
        LatentExplorer(diverged, dataset_for(diverged))
    code = explorer.code
    for wrong in ([1.0], [0.0, np.nan, 0.0]):
        with pytest.raises(ValueError, match="code: expected 3 finite numbers. Received"):
            explorer.code = wrong
    with pytest.raises(ValueError, match="Received: image=12"):
        explorer.choose(12)
    np.testing.assert_array_equal(explorer.code, code)
    assert explorer.index == 4


@pytest.mark.parametrize("missing", ["ipywidgets", "anywidget"])
def test_without_the_extra_the_error_says_what_to_install(missing, monkeypatch):
    monkeypatch.delitem(sys.modules, "kerasvae.widgets")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=rf"{missing}.*pip install 'kerasvae\[tutorials"):
        import kerasvae.widgets  # noqa: F401


def test_nothing_else_needs_the_extra():
    for path in (ROOT / "kerasvae").rglob("*.py"):
        if path.parent.name == "widgets" or path.name in ("explore.py", "page_server.py"):
            continue
        statements = [
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        source = "\n".join(map(ast.unparse, statements))
        assert not re.search(r"widgets|anywidget|voila|import explore|page_server", source)

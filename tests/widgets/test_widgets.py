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

pytestmark = pytest.mark.numpy_only  # pages and events; models decode on every backend elsewhere

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
        assert row.posterior in row.about.value
        loc, scale = row.posterior.replace("\N{MINUS SIGN}", "-").split(" ± ")
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
    labels = [row.slider.label for row in explorer.rows]
    assert labels == ["z_1, 2.32 nats", "z_3, 2.31 nats", "z_0, 0.02 nats", "z_2, 0.00 nats"]
    assert explorer.rows[1].posterior == "\N{MINUS SIGN}1.00 ± 0.10"


def test_categorical_codes_come_first_and_take_their_classes():
    model = kerasvae.InfoGAN(**SMALL | {"latent_dim": 4}, categories=(12, 2), noise_dim=3)
    explorer = LatentExplorer(model, dataset_for(model))
    assert explorer.order[:2] == [2, 3] and sorted(explorer.order[2:]) == [0, 1]
    row = explorer.rows[0]
    slider = row.slider
    assert (slider.label, slider.min, slider.max) == ("z_2, 12 classes", 0, 11)
    assert slider.whole and not explorer.rows[2].slider.whole
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


def test_the_buttons(explorer):
    def press(name):
        explorer.controls.buttons[name].click()
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
    model = known_posterior(np.full(13, 2.0), np.full(13, 0.5))
    explorer = LatentExplorer(model, dataset_for(model))
    assert [bool(row.strip.src) for row in explorer.rows] == [True] * 10 + [False] * 3
    explorer.rows[12].slider.value = 1.0
    assert explorer.code[explorer.order[12]] == 1


def test_the_menus_say_the_factors_of_the_image_and_choose_another(explorer):
    def shown():
        return [menu.label for menu in explorer.factors.menus.values()]

    # Image 4 of the grid 3 x 2 x 2 with the last factor fastest is (1, 0, 0).
    assert shown() == ["1", "square", "0"]
    explorer.choose(11)
    assert shown() == ["1.25", "<b>", "1"]
    explorer.factors.menus["size"].value = 0
    assert explorer.index == 3 and shown() == ["0.5", "<b>", "1"]
    explorer.factors.menus["shape"].label = "square"
    assert explorer.index == 1
    np.testing.assert_allclose(
        explorer.code, explorer._model.embed(explorer.image_shown)[0], atol=1e-5
    )


def test_where_images_are_no_grid_the_menus_choose_the_most_similar(model):
    values = {"size": [1, 2, 3], "shape": ["square", "heart", "star"], "x": [0, 1]}
    # No star at all; size 3 is there with two other shapes.
    codes = np.array([[0, 0, 0], [2, 1, 1], [1, 0, 1], [2, 0, 1], [2, 1, 0], [0, 0, 0]])
    dataset = FactorDataset(random_images((8, 8, 1), 6), values, codes)
    explorer = LatentExplorer(model, dataset, image=2)
    menus = explorer.factors.menus
    assert [text for text, _ in menus["shape"].options] == ["square", "heart"]
    menus["size"].value = 2  # (2, 0, 1), of which only the size differs
    assert explorer.index == 3
    menus["shape"].value = 1  # (2, 1, 1)
    assert explorer.index == 1
    menus["x"].value = 0  # (2, 1, 0)
    assert explorer.index == 4
    menus["size"].value = 0  # no (0, 1, 0): two (0, 0, 0), and 5 is nearer to 4
    assert explorer.index == 5


def test_data_without_factors_have_no_menus(model):
    explorer = LatentExplorer(model, ImageDataset(random_images((8, 8, 1))))
    assert explorer.factors is None and explorer.nearest == []
    assert [row.factors for row in explorer.rows] == [""] * 3
    explorer.choose(3)
    assert explorer.index == 3


def encoder_of(pixels, weights, scale):
    """A VAE of 8x8 images whose posterior means are weights times chosen pixels."""
    count = len(pixels)
    kernel = np.zeros((64, 2 * count), "float32")
    kernel[pixels, np.arange(count)] = weights
    outputs = keras.layers.Dense(2 * count)
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), outputs])
    outputs.kernel.assign(kernel)
    outputs.bias.assign(np.concatenate([np.zeros(count), 2 * np.log(scale)]))
    return kerasvae.VAE((8, 8, 1), count, "mlp", encoder=encoder)


def test_a_factor_stands_beside_the_dimension_that_tells_it():
    # Pixel 3 is x, pixel 5 is y; z_0 reads y, z_1 nothing, z_2 reads x. Nobody reads the shape.
    values = {"shape": ["square", "heart"], "x": np.linspace(0, 1, 5), "y": np.linspace(0, 1, 4)}
    images = np.zeros((40, 64), "float32")
    grid = np.meshgrid([0, 1], values["x"], values["y"], indexing="ij")
    images[:, 3], images[:, 5] = grid[1].ravel(), grid[2].ravel()
    dataset = FactorDataset(images.reshape(40, 8, 8, 1), values)
    model = encoder_of([5, 7, 3], [3.0, 0.0, -2.0], np.array([0.1, 1.0, 0.1]))
    explorer = LatentExplorer(model, dataset, image=0)
    assert [dimension for dimension, _ in explorer.nearest] == [None, 2, 0]
    assert [told for _, told in explorer.nearest[1:]] == [1.0, 1.0]
    (index,) = dataset.indices_of([[1, 4, 1]])
    explorer.choose(int(index))
    texts = {dimension: row_of(explorer, dimension).factors for dimension in range(3)}
    assert texts == {0: "y = 0.333", 1: "", 2: "x = 1"}
    assert "x = 1" in row_of(explorer, 2).about.value
    # z_1 is dead: its posterior is the prior's.
    assert explorer.dead.rows == [row_of(explorer, 1)]


def test_nearest_dimensions_are_not_found_in_noise():
    from kerasvae.widgets.nearest import nearest_dimensions

    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(40, size=1000), rng.integers(3, size=1000)], axis=1)
    noise = rng.standard_normal((1000, 4))
    for dimension, told in nearest_dimensions(noise, factors):
        assert dimension is None
        assert abs(told) < 0.05  # where 40 values in 20 bins share 0.1 of their entropy by chance
    noise[:, 2] = factors[:, 0] + rng.normal(0, 2.0, 1000)
    assert [dimension for dimension, _ in nearest_dimensions(noise, factors)] == [2, None]
    constant = nearest_dimensions(np.zeros((9, 2)), np.zeros((9, 1), int))
    assert constant == [(None, 0.0)]


def test_dead_dimensions_are_folded_away_until_they_are_asked_for():
    model = known_posterior(np.array([0.0, 2.0, 0.05]), np.array([1.0, 0.5, 1.0]))
    explorer = LatentExplorer(model, ImageDataset(random_images((8, 8, 1))))
    dead = explorer.dead
    assert dead.rows == explorer.rows[1:], "0.00125 and 0 nats"
    assert explorer.children[-2:] == (explorer.rows[0], dead)
    assert (dead.toggle.description, dead._box.layout.display) == ("show 2 dead dimensions", "none")
    assert [bool(row.strip.src) for row in explorer.rows] == [True, False, False]
    dead.toggle.value = True
    assert (dead.toggle.description, dead._box.layout.display) == ("hide 2 dead dimensions", None)
    assert all(row.strip.src for row in explorer.rows)
    alive = known_posterior(np.array([2.0]), np.array([0.5]))
    assert LatentExplorer(alive, ImageDataset(random_images((8, 8, 1)))).dead.children == ()


def test_dimensions_of_another_prior_are_not_called_dead():
    model = kerasvae.AdversarialAutoencoder(**SMALL, prior="gaussian_mixture")
    explorer = LatentExplorer(model, dataset_for(model))
    assert explorer.dead.rows == []
    assert not any("nats" in row.slider.label for row in explorer.rows)


def test_animate_sweeps_the_slider_in_focus(explorer, model, monkeypatch):
    button, (first, second, _) = explorer.animation, explorer.rows
    assert button.description == f"animate {first.name}"
    # What the page sends when a slider gets the focus; nonsense does not matter.
    for message in ({"focused": 1}, {}, None, {"focused": True}):
        second.slider._handle_custom_msg(message, [])
    assert button.description == f"animate {second.name}"
    button.click()
    assert [row.slider.sweeping for row in explorer.rows] == [False, True, False]
    assert button.description == "stop"
    decoded, decode = [], model.decode
    monkeypatch.setattr(model, "decode", lambda z: decoded.append(len(z)) or decode(z))
    second.slider.value = 1.5  # as the page moves it
    assert decoded == [1], "while it sweeps the traversals wait"
    second.slider.set_state({"sweeping": False, "value": 0.5})  # the page's last message
    assert decoded[-1] == 3 * 9 and explorer.code[explorer.order[1]] == 0.5
    assert button.description == f"animate {second.name}"
    button.click()
    explorer.choose(7)
    assert not button.sweeping, "another image ends it"
    button.click()
    button.click()
    assert not button.sweeping and button.description == f"animate {second.name}"


def test_every_control_has_a_name(explorer):
    import ipywidgets

    found, waiting = [], list(explorer.children)
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        found.append(widget)
    sliders = [w.label for w in found if isinstance(w, widgets.slider.Slider)]
    assert len(set(sliders)) == 3 and all(sliders)
    assert all(w.alt for w in found if isinstance(w, widgets.picture.Picture))
    kinds = (ipywidgets.Button, ipywidgets.Dropdown, ipywidgets.BoundedIntText)
    assert all(w.description for w in found if isinstance(w, kinds))


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

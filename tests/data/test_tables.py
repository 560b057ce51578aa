"""Own images with factors: arrays, .npz files and folders with a table, good and bad."""

import numpy as np
import pytest
from PIL import Image

from kerasvae.data import FactorDataset, ImageDataset, from_arrays, from_npz, from_path, from_table
from kerasvae.metrics import mig

pytestmark = pytest.mark.numpy_only

RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, 8, 8, 1)).astype("float32")
ANGLES = np.array([0.5, 0.1, 0.5, 0.9, 0.1, 0.5])
KINDS = np.array(["heart", "square", "heart", "ellipse", "square", "square"])


def test_columns_of_any_kind():
    dataset = from_arrays(IMAGES, {"angle": ANGLES, "kind": KINDS, "on": ANGLES > 0.3})
    assert isinstance(dataset, FactorDataset)
    assert dataset.factor_names == ("angle", "kind", "on")
    assert dataset.factor_sizes == (3, 3, 2)
    expected = [[1, 1, 1], [0, 2, 0], [1, 1, 1], [2, 0, 1], [0, 2, 0], [1, 2, 1]]
    np.testing.assert_array_equal(dataset.factors(range(6)), expected)
    np.testing.assert_array_equal(dataset.images(range(6)), IMAGES)
    values = dataset.values([3, 0])
    assert values["angle"].tolist() == [0.9, 0.5]
    assert values["kind"].tolist() == ["ellipse", "heart"]


@pytest.mark.parametrize("factors", [[5, 3, 5, 9, 3, 3], np.array([[5], [3], [5], [9], [3], [3]])])
def test_tables_and_names(factors):
    dataset = from_arrays(IMAGES, factors)
    assert dataset.factor_names == ("factor_0",)
    assert dataset.factors(range(6))[:, 0].tolist() == [1, 0, 1, 2, 0, 0]
    assert from_arrays(IMAGES, factors, names=["size"]).factor_names == ("size",)


def test_a_metric_takes_them():
    """Perfect codes of own factors have the highest score."""
    codes = np.stack(np.unravel_index(np.arange(1600) % 400, (20, 20)), axis=1)
    dataset = from_arrays(np.zeros((1600, 4, 4, 1)), codes * 0.25 - 1, names=["a", "b"])
    factors = dataset.factors(range(1600))
    assert mig(factors.astype("float64"), factors).score == pytest.approx(1)


@pytest.mark.parametrize(
    ("images", "factors", "names", "message"),
    [
        (IMAGES * 255, ANGLES, None, "divide by 255"),
        (IMAGES[..., 0], ANGLES, None, "channel axis"),
        ((IMAGES * 4095).astype("uint16"), ANGLES, None, "4095"),
        (IMAGES, ANGLES[:5], None, "each of the 6 images"),
        (IMAGES, np.zeros((6, 2, 2)), None, r"shape=\(6, 2, 2\)"),
        (IMAGES, np.zeros((6, 0)), None, "at least one factor"),
        (IMAGES, {}, None, "at least one factor"),
        (IMAGES, np.where(ANGLES > 0.8, np.nan, ANGLES), None, "without gaps.*NaN"),
        (IMAGES, np.array([None, 1, 2, 3, 4, 5]), None, "numbers or words.*object"),
        (IMAGES, ANGLES * 1j, None, "numbers or words.*complex"),
        (IMAGES, ANGLES, ["a", "b"], "1 different ones"),
        (IMAGES, np.zeros((6, 2)), ["a", "a"], "2 different ones"),
        (IMAGES, {"a": ANGLES}, ["a"], "a dictionary has its own"),
    ],
)
def test_bad_arrays_are_refused(images, factors, names, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(images, factors, names)


def test_white_of_uint8():
    pixels = (IMAGES * 255).astype("uint8")
    np.testing.assert_allclose(
        from_arrays(pixels, ANGLES).images([2])[0] * 255, pixels[2], atol=1e-4
    )
    mask = (IMAGES > 0.5).astype("uint8")
    assert from_arrays(mask, ANGLES).images([0]).max() == 1
    with pytest.raises(ValueError, match="Pass white=7"):
        from_arrays(mask * 7, ANGLES)
    assert from_arrays(mask * 7, ANGLES, white=7).images([0]).max() == 1
    with pytest.raises(ValueError, match="white: belongs to images of uint8"):
        from_arrays(IMAGES, ANGLES, white=255)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file(tmp_path, save):
    path = tmp_path / "mine.npz"
    table = np.stack([ANGLES, np.arange(6)], axis=1)
    save(path, images=IMAGES, factors=table, names=np.array(["angle", "step"]))
    dataset = from_path(str(path))
    assert dataset.factor_names == ("angle", "step")
    assert dataset.factor_sizes == (3, 6)
    np.testing.assert_array_equal(dataset.images(range(6)), IMAGES)
    assert dataset.values([3])["angle"] == 0.9

    save(path, images=(IMAGES[..., 0] * 255).astype("uint8"))
    dataset = from_npz(path)
    assert type(dataset) is ImageDataset
    assert dataset.image_shape == (8, 8, 1)
    assert dataset.images([0]).max() <= 1

    save(path, x=IMAGES, y=KINDS)
    dataset = from_npz(path, images="x", factors="y")
    assert dataset.factor_sizes == (3,)
    with pytest.raises(ValueError, match="expected an array called 'images'.*x.npy"):
        from_npz(path)


def test_an_npz_file_with_a_pickle(tmp_path):
    path = tmp_path / "mine.npz"
    for key in ("images", "factors", "names"):
        arrays = {"images": IMAGES, "factors": ANGLES, "names": ["a"]}
        np.savez(path, **{**arrays, key: np.array([{}] * 6, dtype=object)})
        with pytest.raises(ValueError, match=f"'{key}' holds Python objects"):
            from_npz(path)


def test_no_npz_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="not there"):
        from_path(tmp_path / "nothing.npz")
    (tmp_path / "bad.npz").write_text("no zip")
    with pytest.raises(ValueError, match="cannot be read as an .npz"):
        from_path(tmp_path / "bad.npz")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    for number, name in enumerate(("a.png", "b/c.png", "d.png", "not named.png")):
        Image.new("L", (6, 4), 60 * (number + 1)).save(tmp_path / name)
    return tmp_path


LINES = "file,kind,angle,step\nd.png,heart,0.5,3\nb/c.png, square ,1e-1,1\na.png,heart,0.1,10\n"


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_folder_with_a_table(folder, separator, encoding, newline):
    text = LINES.replace(",", separator).replace("\n", newline) + newline
    (folder / "factors.csv").write_bytes(text.encode(encoding))
    dataset = from_path(folder)
    assert dataset.factor_names == ("kind", "angle", "step")
    assert dataset.factors(range(3)).tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 2]]
    assert dataset.values(range(3))["step"].tolist() == [3, 1, 10]
    assert (dataset.images(range(3))[:, 0, 0, 0] * 255).round().tolist() == [180, 120, 60]
    assert from_table(folder, image_size=8, channels=3).image_shape == (8, 8, 3)


def test_a_folder_without_a_table(folder):
    assert type(from_path(folder)) is ImageDataset
    assert len(from_path(folder)) == 4
    with pytest.raises(FileNotFoundError, match="table of factors"):
        from_table(folder)
    (folder / "labels.csv").write_text(LINES)
    assert from_path(folder, table="labels.csv").factor_sizes == (2, 2, 3)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "a header line of names"),
        ("file,kind", ValueError, "a header line of names"),
        ("file\na.png", ValueError, "a header line of names"),
        ("file,a,a\na.png,1,2", ValueError, "a different name for each column"),
        ("file,a,\na.png,1,2", ValueError, "a different name for each column"),
        ("file,a\na.png,1\nd.png", ValueError, "line 3: expected 2 values"),
        ("file,a\na.png,1\nd.png,", ValueError, "line 3: expected 2 values, none empty"),
        ("file,a\na.png,1,2", ValueError, "line 2: expected 2 values"),
        ("file,a\na.png,1\na.png,2", ValueError, "a.png twice"),
        ("file,a\n../secret.png,1", ValueError, "within the folder"),
        ("file,a\n/etc/passwd,1", ValueError, "within the folder"),
        ("file,a\nnowhere.png,1", FileNotFoundError, "not there: nowhere.png"),
        ("file,a\nfactors.csv,1", ValueError, "cannot be read as an image"),
        ("file,a\na.png,nan", ValueError, "without gaps"),
    ],
)
def test_bad_tables_are_refused(folder, text, error, message):
    (folder / "factors.csv").write_text(text)
    with pytest.raises(error, match=message):
        from_table(folder)


def test_a_table_that_is_no_text(folder):
    (folder / "factors.csv").write_bytes(b"file,a\na.png,\xff\xfe")
    with pytest.raises(ValueError, match="table in UTF-8"):
        from_table(folder)

"""dSprites rendered, cached and read from files of the public format; and the small subgrid."""

import h5py
import numpy as np
import pytest

from kerasvae.data import dsprites, load, packed, sprites
from kerasvae.data.digests import Digest, digest_of
from kerasvae.data.download import PublicFile

pytestmark = pytest.mark.numpy_only

SUBGRID = {"shape": (0, 2), "scale": (1, 5), "orientation": (0, 3, 9), "x": (4, 20), "y": (0, 31)}


class Trap:
    """An object whose pickle must not be opened."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def public_format():
    """The arrays of the public file, for a subgrid: images, classes, values (with the colour)."""
    codes = np.stack([a.reshape(-1) for a in np.meshgrid(*SUBGRID.values(), indexing="ij")], 1)
    positions = [np.searchsorted(picked, codes[:, k]) for k, picked in enumerate(SUBGRID.values())]
    reals = [
        codes[:, 0] + 1,
        sprites.SCALES[codes[:, 1]],
        sprites.ORIENTATIONS[codes[:, 2]],
        sprites.POSITIONS_X[codes[:, 3]],
        sprites.POSITIONS_Y[codes[:, 4]],
    ]
    zero = np.zeros(len(codes), np.int64)
    return {
        "imgs": sprites.render(codes),
        "latents_classes": np.stack([zero, *positions], axis=1),
        "latents_values": np.stack([zero + 1, *reals], axis=1).astype(np.float64),
    }


def write(path, arrays):
    if path.suffix == ".npz":
        # The public file carries a pickle called metadata.
        np.savez_compressed(path, metadata=np.array(Trap(), dtype=object), **arrays)
    else:
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file.create_dataset(key.replace("latents_", "latents/"), data=array)
    return path


@pytest.fixture(params=["own.npz", "own.hdf5", "own.h5"])
def path(request, tmp_path):
    return write(tmp_path / request.param, public_format())


def test_the_grid():
    dataset = load("dsprites")
    assert len(dataset) == 737_280
    assert dataset.factor_sizes == (3, 6, 40, 32, 32)
    assert dataset.factor_names == ("shape", "scale", "orientation", "x", "y")
    assert dataset.image_shape == (64, 64, 1)
    assert dataset.factor_values[1].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def test_images_are_those_of_their_factors():
    dataset = load("dsprites")
    images, factors = dataset.sample(100, seed=0)
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[..., 0], sprites.render(factors))
    np.testing.assert_array_equal(dataset.images(dataset.indices_of(factors)), images)
    assert set(np.unique(images)) == {0, 1}


def test_x_moves_to_the_right_and_y_down():
    """The centre of mass follows the position factors, whatever the other factors are."""
    dataset = load("dsprites")
    for factor, axis in (("x", 2), ("y", 1)):
        means = []
        for value in (0, 31):
            images, _ = dataset.sample_fixed(factor, value, 50, seed=0)
            weights = images.sum(axis=tuple({1, 2, 3} - {axis}))
            means.append((weights * np.arange(64)).sum(1) / weights.sum(1))
        assert means[0].max() < 20
        assert means[1].min() > 44


def test_the_cached_grid_is_the_rendered_one(cache, monkeypatch):
    """On a grid of the first 2,048 images: the whole takes seconds and 377 MB."""
    monkeypatch.setattr(packed, "IMAGES", 2048)
    sizes = dict(zip(dsprites.FACTOR_VALUES, (1, 1, 2, 32, 32), strict=True))
    small = {name: dsprites.FACTOR_VALUES[name][:size] for name, size in sizes.items()}
    monkeypatch.setattr(dsprites, "FACTOR_VALUES", small)
    dataset = load("dsprites", cached=True)
    file = cache / "dsprites-rendered.bits"
    assert file.stat().st_size == 2048 * 512
    indices = np.arange(0, 2048, 7)
    np.testing.assert_array_equal(
        dataset.images(indices)[..., 0], sprites.render(packed.grid_factors(indices))
    )
    before = file.stat().st_mtime_ns
    load("dsprites", cached=True)
    assert file.stat().st_mtime_ns == before
    file.write_bytes(bytes(2048 * 512))  # a renderer that drew otherwise
    assert load("dsprites", cached=True).images([0]).sum() > 0


def test_a_file_of_the_public_format(path, cache):
    dataset = load("dsprites", path=path, verify=False)
    expected = public_format()
    assert dataset.factor_sizes == (2, 2, 3, 2, 2)
    assert dataset.factor_names == ("shape", "scale", "orientation", "x", "y")
    assert dataset.factor_values[1].tolist() == [sprites.SCALES[1], sprites.SCALES[5]]
    np.testing.assert_array_equal(dataset.images(range(48))[..., 0], expected["imgs"])
    np.testing.assert_array_equal(dataset.factors(range(48)), expected["latents_classes"][:, 1:])
    stored = list(cache.glob("dsprites-*.npy"))
    assert len(stored) == 1
    assert stored[0].stat().st_size < 48 * 512 + 200  # a bit a pixel
    again = load("dsprites", path=str(path), verify=False)
    np.testing.assert_array_equal(again.images(range(48))[..., 0], expected["imgs"])


def test_two_files_do_not_share_a_cache(tmp_path):
    arrays = public_format()
    first = load("dsprites", path=write(tmp_path / "a.npz", arrays), verify=False)
    arrays["imgs"] = 1 - arrays["imgs"]
    second = load("dsprites", path=write(tmp_path / "b.npz", arrays), verify=False)
    np.testing.assert_array_equal(first.images(range(48)), 1 - second.images(range(48)))


def test_images_of_another_size(tmp_path):
    arrays = public_format()
    arrays["imgs"] = np.ascontiguousarray(arrays["imgs"][:, ::5, ::5])  # 13x13: no whole bytes
    dataset = load("dsprites", path=write(tmp_path / "a.npz", arrays), verify=False)
    assert dataset.image_shape == (13, 13, 1)
    np.testing.assert_array_equal(dataset.images(range(48))[..., 0], arrays["imgs"])


def test_only_the_published_file_passes(path):
    with pytest.raises(ValueError, match="not the published file.*git-blob"):
        load("dsprites", path=path)


def test_a_published_file_is_taken_by_its_digest(tmp_path, monkeypatch, cache):
    """With a published digest that is the small file's: verified, and nothing else is read."""
    small = {name: range(len(SUBGRID[name])) for name in SUBGRID}
    monkeypatch.setattr(dsprites, "FACTOR_VALUES", small)
    monkeypatch.setattr(packed, "IMAGES", 48)
    own = write(tmp_path / "own.npz", public_format())
    digest = Digest("git-blob", digest_of(own, "git-blob"))
    monkeypatch.setitem(dsprites.PUBLIC, ".npz", PublicFile("own.npz", "http://none", digest))
    dataset = load("dsprites", path=own)
    np.testing.assert_array_equal(dataset.images(range(48))[..., 0], public_format()["imgs"])
    downloaded = cache / "downloads" / "own.npz"
    downloaded.parent.mkdir()
    own.rename(downloaded)
    assert len(load("dsprites", download=True)) == 48
    downloaded.unlink()
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        load("dsprites", download=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imgs": np.zeros((48, 64, 64), "float32")}, "uint8.*dtype=float32"),
        ({"imgs": np.zeros((47, 64, 64), "uint8")}, r"shape \(48, height, width\)"),
        ({"imgs": np.full((48, 64, 64), 255, "uint8")}, "pixels 0 and 1.*255"),
        ({"latents_classes": np.zeros((48, 5), "int64")}, "a column for each of color, shape"),
        ({"latents_values": np.zeros((48, 6))}, "as many values of each factor"),
    ],
)
def test_files_that_do_not_fit(path, cache, change, message):
    write(path, {**public_format(), **change})
    with pytest.raises(ValueError, match=message):
        load("dsprites", path=path, verify=False)
    assert not list(cache.glob("*"))


def test_two_colours_are_refused(tmp_path):
    arrays = public_format()
    arrays["latents_classes"][:24, 0] = 1
    arrays["latents_values"][:24, 0] = 0.5
    with pytest.raises(ValueError, match="one colour"):
        load("dsprites", path=write(tmp_path / "a.npz", arrays), verify=False)


@pytest.mark.parametrize("key", ["imgs", "latents_classes", "latents_values"])
def test_a_pickle_in_place_of_an_array(tmp_path, key):
    arrays = {**public_format(), key: np.array([Trap()], dtype=object)}
    with pytest.raises(ValueError, match=f"'{key}' holds Python objects"):
        load("dsprites", path=write(tmp_path / "a.npz", arrays), verify=False)


def test_a_truncated_file(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="truncated"):
        load("dsprites", path=path, verify=False)
    with pytest.raises(ValueError, match="truncated"):
        load("dsprites", path=path)


def test_other_bad_options(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.npz"):
        load("dsprites", path=tmp_path / "nowhere.npz")
    with pytest.raises(ValueError, match="expected a file dsprites_ndarray"):
        load("dsprites", path=tmp_path / "a.zip")
    with pytest.raises(ValueError, match="Received: cached=True"):
        load("dsprites", path=tmp_path / "a.npz", cached=True)


def test_mini_has_no_two_images_alike():
    dataset = load("dsprites-mini")
    assert len(dataset) == 3072
    assert dataset.image_shape == (32, 32, 1)
    assert dataset.factor_sizes == (3, 4, 4, 8, 8)
    images = dataset.images(range(3072))
    assert len(np.unique(images.reshape(3072, -1), axis=0)) == 3072
    assert set(np.unique(images)) == {0, 1}


def test_mini_is_a_subgrid_of_the_whole():
    dataset, whole = load("dsprites-mini"), load("dsprites")
    codes = np.array(
        [
            np.take(list(dsprites.MINI_CODES.values())[k], c)
            for k, c in enumerate(dataset.factors(range(3072)).T)
        ]
    ).T
    np.testing.assert_array_equal(dataset.images(range(3072))[..., 0], sprites.render(codes, 32))
    for k, name in enumerate(dataset.factor_names):
        picked = whole.factor_values[k][list(dsprites.MINI_CODES[name])]
        assert dataset.factor_values[k].tolist() == picked.tolist()
    # Positions and scales span the whole range; orientations stay within a quarter turn.
    for k in (1, 3, 4):
        assert (
            dataset.factor_values[k][[0, -1]].tolist() == whole.factor_values[k][[0, -1]].tolist()
        )
    assert np.ptp(dataset.factor_values[2]) < np.pi / 2


@pytest.mark.parametrize("size", [16, 32])
def test_the_grid_at_another_size(cache, monkeypatch, size):
    """The same scenes: an image of half the side is lit where the finer one is, on average."""
    dataset = load("dsprites", image_size=size)
    assert len(dataset) == 737_280
    assert dataset.image_shape == (size, size, 1)
    indices = dataset.sample_indices(200, seed=0)
    block = 64 // size
    fine = load("dsprites").images(indices)[..., 0].reshape(200, size, block, size, block)
    coarse = dataset.images(indices)[..., 0]
    share = fine.mean(axis=(2, 4))
    assert np.array_equal(coarse[share == 1], np.ones((share == 1).sum()))
    assert (coarse[share == 0] == 0).mean() > 0.999  # a tip may lie on a pixel's centre
    np.testing.assert_array_equal(dataset.factors(indices), load("dsprites").factors(indices))

    monkeypatch.setattr(packed, "IMAGES", 2048)
    sizes = dict(zip(dsprites.FACTOR_VALUES, (1, 1, 2, 32, 32), strict=True))
    small = {name: dsprites.FACTOR_VALUES[name][:count] for name, count in sizes.items()}
    monkeypatch.setattr(dsprites, "FACTOR_VALUES", small)
    stored = load("dsprites", image_size=size, cached=True)
    assert (cache / f"dsprites-rendered-{size}.bits").stat().st_size == 2048 * size**2 // 8
    drawn = load("dsprites", image_size=size)
    np.testing.assert_array_equal(stored.images(range(0, 2048, 5)), drawn.images(range(0, 2048, 5)))


@pytest.mark.parametrize("size", [0, 48, 10**6, "64", None])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match="16, 32, 64 pixels. Received: image_size="):
        load("dsprites", image_size=size)


def test_public_files_have_one_size():
    for option in ({"path": "x.npz"}, {"download": True}):
        with pytest.raises(ValueError, match="image_size is for the renderer"):
            load("dsprites", image_size=32, **option)

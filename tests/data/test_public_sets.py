"""The loaders of public files, on small files of the same formats that the tests write."""

import gzip
import io
import itertools
import struct
import tarfile

import h5py
import numpy as np
import pytest
import scipy.io
from sklearn.datasets import load_digits

from kerasvae.data import load, mpi3d, smallnorb

pytestmark = pytest.mark.numpy_only

RANDOM = np.random.default_rng(0)


def grid(*sizes):
    return np.array(list(itertools.product(*(range(size) for size in sizes))))


def noise(*shape):
    return RANDOM.integers(0, 256, shape, np.uint8)


def test_digits_are_scikit_learns():
    dataset, source = load("digits"), load_digits()
    assert dataset.image_shape == (8, 8, 1)
    assert dataset.factor_names == ("digit",)
    assert dataset.factor_sizes == (10,)
    images = dataset.images(range(len(dataset)))
    np.testing.assert_array_equal(images[..., 0] * 16, source.images)
    np.testing.assert_array_equal(dataset.factors(range(1797))[:, 0], source.target)
    assert images.max() == 1


# 3D Shapes


def write_shapes3d(path, images, labels):
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, compression="gzip", chunks=(4, 8, 8, 3))
        file.create_dataset("labels", data=labels)
    return path


def test_shapes3d(tmp_path):
    codes = grid(2, 1, 2, 3, 1, 2)
    images = noise(24, 8, 8, 3)
    labels = codes * [0.1, 0.1, 0.1, 0.25, 1, 30] + [0, 0.3, 0, 0.75, 2, -30]
    path = write_shapes3d(tmp_path / "small.h5", images, labels)
    dataset = load("shapes3d", path=path, verify=False)
    names = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
    assert dataset.factor_names == names
    assert dataset.factor_sizes == (2, 1, 2, 3, 1, 2)
    assert dataset.factor_values[3].tolist() == [0.75, 1.0, 1.25]
    assert dataset.factor_values[5].tolist() == [-30, 0]
    np.testing.assert_allclose(dataset.images(range(24)) * 255, images, atol=1e-4)
    np.testing.assert_array_equal(dataset.factors(range(24)), codes)
    np.testing.assert_array_equal(dataset.indices_of(codes), np.arange(24))


def test_shapes3d_refusals(tmp_path):
    labels = grid(2, 1, 2, 3, 1, 2).astype(float)
    path = write_shapes3d(tmp_path / "small.h5", noise(24, 8, 8, 3), labels)
    with pytest.raises(ValueError, match="not the published file.*md5"):
        load("shapes3d", path=path)
    write_shapes3d(path, noise(23, 8, 8, 3), labels)
    with pytest.raises(ValueError, match=r"shape \(24, height, width, 3\)"):
        load("shapes3d", path=path, verify=False)
    write_shapes3d(path, noise(24, 8, 8, 3), labels[:, :5])
    with pytest.raises(ValueError, match="a column for each of floor_hue"):
        load("shapes3d", path=path, verify=False)


# MPI3D


@pytest.fixture
def small_mpi3d(monkeypatch):
    values = {name: list(v)[:2] for name, v in list(mpi3d.FACTOR_VALUES.items())[:3]}
    monkeypatch.setattr(mpi3d, "FACTOR_VALUES", values)
    monkeypatch.setattr(mpi3d, "IMAGE_SHAPE", (8, 8, 3))


def test_mpi3d_describes_the_public_grid():
    sizes = [len(values) for values in mpi3d.FACTOR_VALUES.values()]
    assert sizes == [6, 6, 2, 3, 3, 40, 40]
    assert np.prod(sizes) == 1_036_800


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("variant", ["toy", "realistic", "real"])
def test_mpi3d(tmp_path, small_mpi3d, save, variant):
    images = noise(8, 8, 8, 3)
    save(tmp_path / "small.npz", images=images)
    dataset = load("mpi3d", variant=variant, path=tmp_path / "small.npz", verify=False)
    assert dataset.factor_sizes == (2, 2, 2)
    assert dataset.factor_values[0].tolist() == ["white", "green"]
    np.testing.assert_allclose(dataset.images(range(8)) * 255, images, atol=1e-4)
    np.testing.assert_array_equal(dataset.factors(range(8)), grid(2, 2, 2))


def test_mpi3d_refusals(tmp_path, small_mpi3d):
    path = tmp_path / "small.npz"
    with pytest.raises(ValueError, match="Did you mean 'realistic'"):
        load("mpi3d", variant="realistc", path=path)
    np.savez(path, images=noise(7, 8, 8, 3))
    with pytest.raises(ValueError, match=r"shape \(8, 8, 8, 3\).*\(7, 8, 8, 3\)"):
        load("mpi3d", path=path, verify=False)
    with pytest.raises(ValueError, match="55889cb7c7dfc655d6e0277beee88868"):
        load("mpi3d", path=path)
    np.savez(path, images=np.array([None] * 8, dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        load("mpi3d", path=path, verify=False)


# Cars3D


def write_cars(path, cars):
    """cars: (objects, azimuths, elevations, H, W, 3), written as the public archive is."""
    with tarfile.open(path, "w:gz") as archive:
        files = {"data/cars/list.txt": b"", "data/sprites/other.mat": b"no car"}
        # The archive's own order is not that of the names.
        for number in reversed(range(len(cars))):
            buffer = io.BytesIO()
            views = cars[number].transpose(2, 3, 4, 0, 1)
            scipy.io.savemat(buffer, {"im": views, "mask": np.zeros(3)}, do_compression=True)
            files[f"data/cars/car_{number:03d}_mesh.mat"] = buffer.getvalue()
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_cars3d(tmp_path):
    """Each view is a constant that tells its factors, so it survives the halving exactly."""
    codes = np.arange(2 * 24 * 4, dtype="uint8").reshape(2, 24, 4)
    cars = np.broadcast_to(codes[..., None, None, None], (2, 24, 4, 128, 128, 3)).copy()
    dataset = load("cars3d", path=write_cars(tmp_path / "cars.tar.gz", cars), verify=False)
    assert dataset.factor_names == ("elevation", "azimuth", "object")
    assert dataset.factor_sizes == (4, 24, 2)
    assert dataset.image_shape == (64, 64, 3)
    images, factors = dataset.images(range(192)), dataset.factors(range(192))
    elevation, azimuth, number = factors.T
    expected = codes[number, azimuth, elevation]
    np.testing.assert_allclose(images * 255, expected[:, None, None, None] + 0 * images, atol=1e-4)


def test_cars3d_averages_blocks_of_four_pixels(tmp_path):
    cars = np.zeros((1, 24, 4, 128, 128, 3), "uint8")
    cars[..., ::2, ::2, 0] = 200
    dataset = load("cars3d", path=write_cars(tmp_path / "cars.tar.gz", cars), verify=False)
    image = dataset.images([0])[0] * 255
    np.testing.assert_allclose(image[..., 0], 50, atol=1e-4)
    assert (image[..., 1:] == 0).all()


def test_cars3d_refusals(tmp_path):
    path = write_cars(tmp_path / "cars.tar.gz", np.zeros((1, 24, 3, 128, 128, 3), "uint8"))
    with pytest.raises(ValueError, match="not the published file"):
        load("cars3d", path=path)
    with pytest.raises(ValueError, match=r"car_000_mesh.mat.*\(128, 128, 3, 24, 4\)"):
        load("cars3d", path=path, verify=False)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="truncated or damaged"):
        load("cars3d", path=path, verify=False)
    path.write_bytes(b"<html>")
    with pytest.raises(ValueError, match="cannot be read as a .tar.gz"):
        load("cars3d", path=path, verify=False)
    write_cars(path, [])
    with pytest.raises(ValueError, match="expected files cars"):
        load("cars3d", path=path, verify=False)


def test_cars3d_with_a_damaged_member(tmp_path):
    path = tmp_path / "cars.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("data/cars/car_001_mesh.mat")
        info.size = 6
        archive.addfile(info, io.BytesIO(b"broken"))
    with pytest.raises(ValueError, match="car_001_mesh.mat cannot be read"):
        load("cars3d", path=path, verify=False)


# smallNORB


def matrix(array):
    """The database's format: magic number, axes, at least three sizes, elements; little-endian."""
    magic = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54}[array.dtype.name]
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    return struct.pack(f"<{2 + len(sizes)}i", magic, array.ndim, *sizes) + array.tobytes()


def write_smallnorb(folder, gzipped=True, count=12):
    """Two halves of `count` images; returns what they hold, (2, count, ...)."""
    folder.mkdir(exist_ok=True)
    halves = ("5x46789x9x18x6x2x96x96-training", "5x01235x9x18x6x2x96x96-testing")
    contents = []
    for half in halves:
        category = RANDOM.integers(0, 5, count, np.int32)
        sizes = [10, 9, 18, 6]
        info = np.stack([RANDOM.integers(0, size, count, np.int32) for size in sizes], axis=1)
        photographs = noise(count, 2, 96, 96)
        stored = info * np.array([1, 1, 2, 1], np.int32)  # azimuths are stored doubled
        for kind, array in (("dat", photographs), ("cat", category), ("info", stored)):
            content = matrix(np.ascontiguousarray(array))
            path = folder / f"smallnorb-{half}-{kind}.mat"
            if gzipped:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, 1))
            else:
                path.write_bytes(content)
        contents.append((photographs, np.column_stack([category, info])))
    photographs, codes = zip(*contents, strict=True)
    return np.concatenate(photographs), np.concatenate(codes)


@pytest.mark.parametrize("gzipped", [True, False])
def test_smallnorb_as_photographed(tmp_path, gzipped, monkeypatch):
    monkeypatch.setattr(smallnorb, "_ROWS", 5)
    photographs, codes = write_smallnorb(tmp_path / "norb", gzipped)
    dataset = load("smallnorb", path=tmp_path / "norb", verify=False, size=96, instance=True)
    assert dataset.factor_names == ("category", "instance", "elevation", "azimuth", "lighting")
    assert dataset.factor_sizes == (5, 10, 9, 18, 6)
    np.testing.assert_array_equal(dataset.factors(range(24)), codes)
    np.testing.assert_allclose(
        dataset.images(range(24))[..., 0] * 255, photographs[:, 0], atol=1e-4
    )


def test_smallnorb_resized_and_without_the_instance(tmp_path):
    photographs, codes = write_smallnorb(tmp_path)
    dataset = load("smallnorb", path=tmp_path, verify=False)
    assert dataset.factor_names == ("category", "elevation", "azimuth", "lighting")
    assert dataset.factor_sizes == (5, 9, 18, 6)
    assert dataset.factor_values[1].tolist() == [30, 35, 40, 45, 50, 55, 60, 65, 70]
    np.testing.assert_array_equal(dataset.factors(range(24)), codes[:, [0, 2, 3, 4]])
    assert dataset.image_shape == (64, 64, 1)
    means = dataset.images(range(24)).mean(axis=(1, 2, 3)) * 255
    # A resize keeps the mean brightness; noise of 9,216 pixels moves it by about one level.
    np.testing.assert_allclose(means, photographs[:, 0].mean(axis=(1, 2)), atol=4)


def test_smallnorb_refusals(tmp_path):
    write_smallnorb(tmp_path)
    with pytest.raises(ValueError, match="not the published file.*sha256"):
        load("smallnorb", path=tmp_path)
    file = tmp_path / "smallnorb-5x01235x9x18x6x2x96x96-testing-dat.mat.gz"
    content = file.read_bytes()
    for bad, message in (
        (content[: len(content) // 2], "truncated"),
        (b"<html>", "truncated or damaged"),
        (gzip.compress(matrix(noise(12, 2, 96, 95))), r"Expected shape \(12, 2, 96, 96\)"),
        (gzip.compress(matrix(np.zeros((12, 4), "int32"))), "Expected elements u1 and 4 axes"),
    ):
        file.write_bytes(bad)
        with pytest.raises(ValueError, match=message):
            load("smallnorb", path=tmp_path, verify=False)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="testing-dat.mat.gz"):
        load("smallnorb", path=tmp_path, verify=False)


def test_smallnorb_with_codes_out_of_range(tmp_path):
    write_smallnorb(tmp_path)
    file = tmp_path / "smallnorb-5x46789x9x18x6x2x96x96-training-cat.mat.gz"
    file.write_bytes(gzip.compress(matrix(np.full(12, 5, "int32"))))
    with pytest.raises(ValueError, match="codes run from 0"):
        load("smallnorb", path=tmp_path, verify=False)


@pytest.mark.parametrize("name", ["shapes3d", "mpi3d", "cars3d", "smallnorb"])
def test_nothing_is_downloaded_unasked(name):
    with pytest.raises(FileNotFoundError, match="download=True"):
        load(name)


def tar_of(path, members):
    """A .tar.gz of (name, claimed size, bytes written)."""
    with gzip.open(path, "wb") as file:
        for info, data in members:
            file.write(info.tobuf(tarfile.GNU_FORMAT))
            file.write(data + bytes(-len(data) % 512))
    return path


def member(name, size, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (member("data/cars/a.mat", 10**12), "data/cars/a.mat: expected at most"),
        (member("data/other.bin", 10**13), "unpacks to at most"),
        (member("././@LongLink", 10**12, tarfile.GNUTYPE_LONGNAME), "a part of the archive"),
    ],
)
def test_cars3d_members_without_end(tmp_path, info, message):
    path = tar_of(tmp_path / "cars.tar.gz", [(info, bytes(4096))])
    with pytest.raises(ValueError, match=message):
        load("cars3d", path=path, verify=False)


def test_cars3d_pictures_that_unpack_to_gigabytes(tmp_path, monkeypatch):
    """The shape is read before the pixels."""
    views = np.zeros((1024, 1024, 3), "uint8")
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"im": views}, do_compression=True)
    assert len(buffer.getvalue()) < 10_000
    monkeypatch.setattr(scipy.io, "loadmat", None)  # would be called to read
    data = buffer.getvalue()
    path = tar_of(
        tmp_path / "c.tar.gz", [(member("cars/a.mat", len(data)), data), (member("x", 0), b"")]
    )
    with pytest.raises(ValueError, match=r"shape=\(1024, 1024, 3\)"):
        load("cars3d", path=path, verify=False)


@pytest.mark.parametrize("sizes", [(2**31 - 1,), (-5,)])
def test_smallnorb_with_impossible_sizes(tmp_path, sizes):
    path = tmp_path / "x-cat.mat"
    path.write_bytes(np.array([0x1E3D4C54, 1, *sizes, 1, 1], "<i4").tobytes())
    with (
        pytest.raises(ValueError, match="at most 268 MB|damaged"),
        smallnorb._open_matrix(path, "<i4", (None,)) as (shape, read),
    ):
        read(shape[0])


def test_smallnorb_at_a_size_that_fits_no_memory():
    with pytest.raises(ValueError, match="size=1000000: expected images that fit"):
        load("smallnorb", size=10**6)

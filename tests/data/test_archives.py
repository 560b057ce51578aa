"""Arrays in .npz and .h5 files: read in pieces, damaged ones named, pickles never opened."""

import io
import zipfile

import h5py
import numpy as np
import pytest

from kerasvae.data import archives, limits
from kerasvae.data.archives import open_h5_array, open_npz_array

pytestmark = pytest.mark.numpy_only

ROWS = np.random.default_rng(0).integers(0, 256, (50, 7, 3), np.uint8)


class Trap:
    """Unpickling this writes a file: a test that passes proves that nobody unpickled it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture(params=["savez", "savez_compressed", "h5", "h5 compressed"])
def stored(request, tmp_path):
    """An opener and a file with the arrays "rows" and "other"."""
    arrays = {"rows": ROWS, "other": np.arange(4.0)}
    if request.param.startswith("savez"):
        path = tmp_path / "data.npz"
        getattr(np, request.param)(path, **arrays)
        return open_npz_array, path
    path = tmp_path / "data.h5"
    options = {"compression": "gzip"} if "compressed" in request.param else {}
    with h5py.File(path, "w") as file:
        for key, array in arrays.items():
            file.create_dataset(key, data=array, **options)
    return open_h5_array, path


@pytest.mark.parametrize("chunk_bytes", [1, 100, 10**6])
def test_rows_in_pieces(stored, chunk_bytes, monkeypatch):
    monkeypatch.setattr(archives, "CHUNK_BYTES", chunk_bytes)
    opened, path = stored
    with opened(path, "rows") as reader:
        assert reader.shape == ROWS.shape
        assert reader.dtype == np.uint8
        chunks = list(reader.chunks())
    assert len(chunks) == {1: 50, 100: 13, 10**6: 1}[chunk_bytes]
    np.testing.assert_array_equal(np.concatenate(chunks), ROWS)
    with opened(path, "other") as reader:
        np.testing.assert_array_equal(reader.read(), np.arange(4.0))


def test_a_missing_array_is_named(stored):
    opened, path = stored
    with pytest.raises(ValueError, match=r"expected an array.*'imgs'.*rows"), opened(path, "imgs"):
        pass


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9, -1])
def test_truncated_files(stored, keep):
    opened, path = stored
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="data.*truncated or damaged"), opened(path, "rows") as it:
        it.read()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damage_within_a_zip_is_found(tmp_path, save):
    path = tmp_path / "data.npz"
    save(path, rows=ROWS)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"), open_npz_array(path, "rows") as reader:
        reader.read()


def test_a_header_that_promises_too_much_or_too_little(tmp_path):
    for count in (49, 51):
        buffer = io.BytesIO()
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, 7, 3)}
        np.lib.format.write_array_header_1_0(buffer, header)
        with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
            archive.writestr("rows.npy", buffer.getvalue() + ROWS.tobytes())
        with (
            pytest.raises(ValueError, match="rows.*does not have the length"),
            open_npz_array(tmp_path / "data.npz", "rows") as reader,
        ):
            reader.read()


def test_pickles_are_refused_and_not_opened(tmp_path):
    sprung = tmp_path / "sprung"
    path = tmp_path / "data.npz"
    np.savez(path, rows=np.array([Trap(sprung), None], dtype=object))
    with pytest.raises(ValueError, match="pickle"), open_npz_array(path, "rows"):
        pass
    assert not sprung.exists()
    np.load(path, allow_pickle=True)["rows"]
    assert sprung.exists()  # the trap works


@pytest.mark.parametrize("array", [np.asfortranarray(ROWS), np.float64(3)])
def test_other_layouts_are_refused(tmp_path, array):
    np.savez(tmp_path / "data.npz", rows=array)
    with (
        pytest.raises(ValueError, match="rows in C order"),
        open_npz_array(tmp_path / "data.npz", "rows"),
    ):
        pass


@pytest.mark.parametrize("opened", [open_npz_array, open_h5_array])
def test_other_files_are_refused(tmp_path, opened):
    path = tmp_path / "data.txt"
    path.write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="of another kind"), opened(path, "rows"):
        pass


def test_errors_of_the_reader_are_its_own(stored):
    opened, path = stored
    with pytest.raises(OSError, match="disk full"), opened(path, "rows"):
        raise OSError("disk full")


def npz_with(path, shape, data=b"", descr="|u1"):
    """An .npz file whose header claims any shape."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.npy", buffer.getvalue() + data)
    return path


@pytest.mark.parametrize("shape", [(10**12, 7), (2**40, 2**40), (1, 10**12), (5, -3), (-1,)])
def test_an_npz_that_claims_what_it_does_not_hold(tmp_path, shape):
    path = npz_with(tmp_path / "data.npz", shape, ROWS.tobytes())
    with pytest.raises(ValueError, match="Received|does not have"), open_npz_array(path, "rows"):
        pass


def test_labels_that_unpack_to_more_than_any_labels(tmp_path, monkeypatch):
    """The bomb is real, only the limit is lowered: 1 MB of zeros from a file of 1 kB."""
    path = npz_with(tmp_path / "data.npz", (2**17,), bytes(2**20), "<f8")
    assert path.stat().st_size < 2000
    monkeypatch.setattr(limits, "READ_BYTES", 2**19)
    with (
        pytest.raises(ValueError, match="'rows': expected at most .* Received: 1.05 MB"),
        open_npz_array(path, "rows") as reader,
    ):
        reader.read()
    with open_npz_array(path, "rows") as reader:  # in pieces it may pass
        assert sum(chunk.size for chunk in reader.chunks()) == 2**17


def test_one_row_that_fits_no_memory(tmp_path, monkeypatch):
    path = npz_with(tmp_path / "data.npz", (1, 2**20), bytes(2**20))
    monkeypatch.setattr(limits, "READ_BYTES", 2**19)
    with pytest.raises(ValueError, match="a row of 'rows'"), open_npz_array(path, "rows"):
        pass


def test_an_h5_that_claims_412_gigabytes(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("rows", (10**8, 64, 64), "uint8", chunks=(1, 64, 64))
        file["rows"][0] = 1
        file.create_dataset("compressed", (10**6, 500), "f8", chunks=(1, 500), compression="gzip")
        file.create_dataset("none", data=h5py.Empty("f8"))
        file.create_dataset("scalar", data=3.0)
    assert path.stat().st_size < 20_000
    for key, message in (
        ("rows", "409,600,000,000 bytes, of which 4,096 are stored"),
        ("compressed", "of which 0 are stored"),
        ("none", "expected an array of numbers"),
        ("scalar", "expected an array of numbers"),
    ):
        with pytest.raises(ValueError, match=message), open_h5_array(path, key):
            pass


def test_a_well_compressed_h5_is_read(tmp_path):
    """Zeros, which deflate packs as tightly as it can, are no bomb."""
    path = tmp_path / "data.h5"
    zeros = np.zeros((40_000, 1000), np.uint8)
    with h5py.File(path, "w") as file:
        file.create_dataset("rows", data=zeros, chunks=(4000, 1000), compression="gzip")
    assert path.stat().st_size < 100_000
    with open_h5_array(path, "rows") as reader:
        np.testing.assert_array_equal(reader.read(), zeros)


def test_h5_storage_outside_of_the_file_is_refused(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(range(100)))
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["rows"] = ROWS
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["rows"] = ROWS
        file["group/inner"] = ROWS
        file.create_dataset("external", (100,), "u1", external=str(secret))
        layout = h5py.VirtualLayout(ROWS.shape, "u1")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "rows", ROWS.shape)
        file.create_virtual_dataset("virtual", layout)
        file["soft"] = h5py.SoftLink("/rows")
        file["dangling"] = h5py.SoftLink("/nothing")
        file["outside"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "rows")
        file["softgroup"] = h5py.SoftLink("/group")
    with h5py.File(path) as file:  # h5py itself follows all of them
        assert file["external"][3] == 3
        np.testing.assert_array_equal(file["outside"][:], ROWS)
    for key, message in (
        ("external", "external storage"),
        ("virtual", "a virtual dataset"),
        ("soft", "'soft', a soft or external link"),
        ("dangling", "'dangling', a soft or external link"),
        ("outside", "'outside', a soft or external link"),
        ("softgroup/inner", "'softgroup', a soft or external link"),
    ):
        with pytest.raises(ValueError, match=message), open_h5_array(path, key):
            pass
    with open_h5_array(path, "group/inner") as reader:
        np.testing.assert_array_equal(reader.read(), ROWS)

"""Arrays in .npz and .h5 files: read in pieces, damaged ones named, pickles never opened."""

import io
import zipfile

import h5py
import numpy as np
import pytest

from kerasvae.data import archives
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
            pytest.raises(ValueError, match="does not have the length"),
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

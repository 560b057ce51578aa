"""One door: every form in which Keras users have images is taken, or told what to write."""

import keras
import numpy as np
import pytest

from kerasvae.checks import check_images
from kerasvae.data import ImageBatches, ImageDataset, as_dataset, load

pytestmark = pytest.mark.numpy_only

RNG = np.random.default_rng(0)
IMAGES = RNG.random((20, 8, 8, 1)).astype("float32")
LABELS = np.arange(20)
BATCHES = [IMAGES[:8], IMAGES[8:16], IMAGES[16:]]


class Batches(keras.utils.PyDataset):
    def __init__(self, batches, **kwargs):
        super().__init__(**kwargs)
        self.batches, self.epochs = batches, 0

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]

    def on_epoch_end(self):
        self.epochs += 1


class Loader:
    """As a torch DataLoader: iterable again and again, with or without a length."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


class SizedLoader(Loader):
    def __len__(self):
        return len(self.batches)


def tf_dataset(*parts, batch=8):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])
    return dataset.batch(batch) if batch else dataset


def forms(images, wrap=lambda batch: batch):
    """The same images in every form that has batches."""
    batches = [wrap(images[:8]), wrap(images[8:16]), wrap(images[16:])]
    return {
        "pydataset": Batches(batches),
        "generator": iter(batches),
        "iterable": SizedLoader(batches),
        "tf.data": tf_dataset(images) if wrap(1) == 1 else tf_dataset(*wrap(images)),
    }


STREAMS = ("pydataset", "generator", "iterable", "tf.data")


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_are_peeked_at_and_lose_nothing(kind):
    source = as_dataset(forms(IMAGES)[kind], (8, 8, 1))
    assert source.kind == kind
    assert source.length is None
    assert source.image_shape == (8, 8, 1)
    np.testing.assert_array_equal(source.first_batch, IMAGES[:8])
    np.testing.assert_array_equal(np.concatenate(list(source.batches())), IMAGES)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("wrap", [lambda b: (b,), lambda b: (b, b)], ids=["(x,)", "(x, x)"])
def test_keras_forms_are_unwrapped(kind, wrap):
    if kind == "tf.data":
        tf = pytest.importorskip("tensorflow")
        data = tf.data.Dataset.from_tensor_slices(wrap(IMAGES)).batch(8)
    else:
        data = forms(IMAGES, wrap)[kind] if wrap(1) != (1,) else _plain(kind, wrap)
    source = as_dataset(data)
    np.testing.assert_array_equal(np.concatenate(list(source.batches())), IMAGES)


def _plain(kind, wrap):
    batches = [wrap(batch) for batch in BATCHES]
    return {
        "pydataset": Batches(batches),
        "generator": iter(batches),
        "iterable": SizedLoader(batches),
    }[kind]


@pytest.mark.parametrize("data", [(IMAGES,), [IMAGES], (IMAGES, None), (IMAGES, None, None)])
def test_tuples_of_arrays(data):
    source = as_dataset(data)
    assert source.kind == "array"
    assert source.for_keras() is IMAGES


def test_targets_equal_to_the_images_are_the_images():
    assert as_dataset((IMAGES, IMAGES.copy())).for_keras() is IMAGES
    with pytest.raises(ValueError, match=r"validation_data: .*Leave out targets.*\[0\]"):
        as_dataset((IMAGES, 1 - IMAGES), name="validation_data")
    with pytest.raises(ValueError, match=r"ndarray of shape \(20,\)"):
        as_dataset((IMAGES, LABELS))
    with pytest.raises(ValueError, match="sample weights"):
        as_dataset((IMAGES, None, LABELS))


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_with_labels_are_told(kind):
    if kind == "tf.data":
        data = tf_dataset(IMAGES, LABELS)
        remedy = r"x\.map\(lambda images, labels: images\)"
    else:
        data = _plain(kind, lambda batch: (batch, np.zeros(len(batch))))
        remedy = "yield images"
    with pytest.raises(ValueError, match=f"first batch: expected images alone.*{remedy}"):
        as_dataset(data)


BAD = {
    "pixels": (IMAGES * 255, r"divide by 255: (yield|x.map\(lambda images:) images / 255"),
    "12 bits": (IMAGES * 4095, "divide by 4095"),
    "uint8": ((IMAGES * 255).astype("uint8"), "divide by 255"),
    "0/1": ((IMAGES > 0.5).astype("uint8"), "need no division"),
    "signed": (IMAGES * 2 - 1, r"\(images \+ 1\) / 2"),
    "shape": (np.zeros((20, 4, 8, 1), "float32"), r"images of shape \(8, 8, 1\)"),
    "channels": (np.zeros((20, 8, 8), "float32"), "4|channel axis|batches"),
    "rank": (np.zeros((20, 64), "float32"), "The array has 2 axes"),
    "NaN": (np.full((20, 8, 8, 1), np.nan, "float32"), "NaN or infinity"),
}


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_is_told_what_an_array_is_told(kind, fault):
    images, message = BAD[fault]
    with pytest.raises(ValueError, match=f"^x, first batch: (?s:.)*({message})"):
        as_dataset(forms(images)[kind], (8, 8, 1))
    with pytest.raises(ValueError, match="^x: "):
        as_dataset(images, (8, 8, 1))


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("later", [IMAGES[8:16] * 255, np.zeros((4, 8, 8, 3), "float32")])
def test_later_batches_are_checked_where_they_pass_through_python(kind, later):
    if kind == "tf.data":
        tf = pytest.importorskip("tensorflow")
        spec = tf.TensorSpec((None, 8, 8, None), "float32")
        data = tf.data.Dataset.from_generator(lambda: iter([IMAGES, later]), output_signature=spec)
    else:
        data = {"pydataset": Batches, "generator": iter, "iterable": SizedLoader}[kind](
            [IMAGES, later]
        )
    source = as_dataset(data)
    with pytest.raises(ValueError, match="x, a later batch"):
        list(source.batches())


@pytest.mark.parametrize("data", [iter([]), SizedLoader([]), np.zeros((0, 8, 8, 1))])
def test_empty_data(data):
    with pytest.raises(ValueError, match="at least one"):
        as_dataset(data)


def test_an_empty_tf_dataset():
    with pytest.raises(ValueError, match="at least one batch"):
        as_dataset(tf_dataset(IMAGES).take(0))


def test_a_tf_dataset_without_batches():
    with pytest.raises(ValueError, match=r"Make batches: x\.batch\(64\)"):
        as_dataset(tf_dataset(IMAGES, batch=None), (8, 8, 1))


def test_what_image_dataset_from_directory_gives():
    """Floats of 0..255 with labels: one line does both, and that line works."""
    data = tf_dataset(IMAGES * 255, LABELS)
    with pytest.raises(ValueError, match=r"x\.map\(lambda images, labels: images / 255\)"):
        as_dataset(data)
    as_dataset(data.map(lambda images, labels: images / 255))
    with pytest.raises(ValueError, match=r"x\.map\(lambda images: images / 255\)"):
        as_dataset(tf_dataset(IMAGES * 255))


def test_dictionaries():
    with pytest.raises(ValueError, match=r"x\.map\(lambda batch: batch\['image'\]\)"):
        tf = pytest.importorskip("tensorflow")
        as_dataset(tf.data.Dataset.from_tensor_slices({"image": IMAGES}).batch(4))
    with pytest.raises(ValueError, match="yield batch"):
        as_dataset(iter([{"label": LABELS, "image": IMAGES}]))
    with pytest.raises(ValueError, match="Take them out of the dictionary"):
        as_dataset({"image": IMAGES})
    with pytest.raises(ValueError, match=r"x\['pixels'\]"):
        as_dataset({"pixels": IMAGES})


def test_things_that_hold_no_images():
    def make():
        yield IMAGES

    with pytest.raises(ValueError, match=r"must be called: make\(\)"):
        as_dataset(make)
    for value in (None, "folder", [1, 2], 3, object()):
        with pytest.raises(ValueError, match=r"x: expected .*Received: "):
            as_dataset(value)
    with pytest.raises(ValueError, match="without a mask"):
        as_dataset(np.ma.masked_less(IMAGES, 0.5))


def test_lists_of_images_are_stacked_by_the_user():
    for images in ([IMAGES[0], IMAGES[1]], list(IMAGES)):
        with pytest.raises(ValueError, match="np.stack"):
            as_dataset(images)
        with pytest.raises(ValueError, match="np.stack"):
            as_dataset(iter([images]))


def test_torch_batches_are_lists():
    """A torch TensorDataset's loader gives [x], or [x, y]."""
    assert as_dataset(SizedLoader([[IMAGES]])).first_batch.shape == IMAGES.shape
    with pytest.raises(ValueError, match="yield images"):
        as_dataset(SizedLoader([[IMAGES, LABELS]]))


def test_arrays_and_data_sets_are_read_by_index():
    dataset = load("digits")
    array = dataset.images(range(len(dataset)))
    for x, kind in ((dataset, "dataset"), (array, "array"), (ImageBatches(dataset, 8), "batches")):
        source = as_dataset(x, (8, 8, 1))
        assert (source.kind, source.length) == (kind, 1797)
        np.testing.assert_array_equal(source.images([5, 3]), array[[5, 3]])
        np.testing.assert_array_equal(np.concatenate(list(source.batches(100))), array)
        stream = source.stream(16, seed=3, first_step=7)
        expected = ImageBatches(dataset, 16, seed=3, first_step=7)
        np.testing.assert_array_equal(stream[2], expected[2])
        np.testing.assert_array_equal(stream[0], source.stream(16, seed=3)[7])


def test_streams_cannot_be_read_by_index():
    source = as_dataset(iter(BATCHES), name="images")
    assert not source.has_random_access
    for call in (lambda: source.images([0]), lambda: source.stream(4, seed=0)):
        with pytest.raises(ValueError, match="read by index.*np.concatenate.*generator"):
            call()


def test_bad_data_sets_are_told():
    with pytest.raises(ValueError, match=r"x, first images: .*divide by 255"):
        as_dataset(ImageDataset(IMAGES * 255))
    with pytest.raises(ValueError, match=r"shape \(16, 16, 1\)"):
        as_dataset(load("digits"), (16, 16, 1))


def test_a_source_is_taken_again_and_its_shape_checked():
    source = as_dataset(iter(BATCHES))
    assert as_dataset(source, (8, 8, 1)) is source
    with pytest.raises(ValueError, match=r"shape \(4, 4, 1\)"):
        as_dataset(source, (4, 4, 1))


def test_float64_batches_become_float32():
    source = as_dataset(iter([batch.astype("float64") for batch in BATCHES]))
    assert {batch.dtype for batch in source.batches()} == {np.dtype("float32")}


def test_keras_forms_of_a_pydataset():
    inner = Batches([(batch, None) for batch in BATCHES], workers=2, max_queue_size=5)
    data = as_dataset(inner).for_keras()
    assert isinstance(data, keras.utils.PyDataset)
    assert (len(data), data.workers, data.max_queue_size, data.num_batches) == (3, 2, 5, 3)
    data.on_epoch_end()
    assert inner.epochs == 1


def test_a_loader_gives_every_epoch_a_whole_pass():
    data = as_dataset(SizedLoader(BATCHES)).for_keras()
    data[0]  # Keras may look at a batch before the first epoch
    for _ in range(2):
        passed = np.concatenate([data[index] for index in range(len(data))])
        np.testing.assert_array_equal(passed, IMAGES)


def test_a_loader_without_a_length():
    source = as_dataset(Loader(BATCHES))
    assert len(list(source.for_keras())) == 3
    endless = source.for_keras(steps_per_epoch=2)
    batches = [next(endless) for _ in range(7)]
    np.testing.assert_array_equal(batches[6][0], BATCHES[0])


def test_a_loader_that_promises_too_much():
    class Liar(SizedLoader):
        def __len__(self):
            return 5

    data = as_dataset(Liar(BATCHES)).for_keras()
    with pytest.raises(ValueError, match="expected 5 batches.*Received: 3"):
        for index in range(5):
            data[index]


def test_the_remedies_for_bit_depths_work():
    for dtype, white in (("uint8", 255), ("uint16", 4095), ("uint16", 1023), ("int32", 65535)):
        images = (IMAGES * white).astype(dtype)
        with pytest.raises(ValueError, match=f"images.astype\\('float32'\\) / {white}"):
            check_images(images)
        check_images(images.astype("float32") / white)

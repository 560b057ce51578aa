"""The bank of posteriors: who is in it, and that the number it gives can be read."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasvae import BetaTCVAE, MarginalKLVAE, surgery
from kerasvae.models.posterior_bank import PosteriorBank
from tests.models import tiny

SHAPE, D = (4, 4, 1), 2
SMALL = {"image_shape": SHAPE, "latent_dim": D, "architecture": "mlp", "seed": 1}
IMAGES = np.random.default_rng(0).random((30, *SHAPE)).astype("float32")


def numpy(tensors):
    return [ops.convert_to_numpy(tensor) for tensor in tensors]


def marked(images):
    """Posteriors that tell which image they are of."""
    numbers = np.array([np.flatnonzero((one == IMAGES).all((1, 2, 3)))[0] for one in images])
    return np.repeat(numbers[:, None], D, 1).astype("float32"), np.full((len(images), D), 2.0)


def held(bank, most=99):
    """The numbers of the images in the bank, beside a batch of an unknown one."""
    loc, _, counts = numpy(bank.entries(IMAGES[29:], most))
    return sorted(loc[counts, 0].astype(int).tolist())


def filled(*batches, size=8, most=99):
    bank = PosteriorBank(size, D)
    for batch in batches:
        bank.remember(IMAGES[batch], *marked(IMAGES[batch]), most)
    return bank


def test_the_oldest_leave_first():
    assert held(filled()) == []
    assert held(filled([0, 1, 2])) == [0, 1, 2]
    assert held(filled([0, 1, 2], [3, 4, 5], [6, 7])) == list(range(8))
    assert held(filled([0, 1, 2], [3, 4, 5], [6, 7, 8])) == list(range(1, 9))
    assert held(filled([0, 1, 2], list(range(10, 22)))) == list(range(14, 22)), "a large batch"
    small = filled([0, 1, 2], [3, 4, 5], most=4)
    assert held(small, most=4) == [2, 3, 4, 5], "of a small set"
    assert [len(part) for part in small.entries(IMAGES[:1], 4)] == [4, 4, 4], "and no more cost"
    bank = filled([0, 1, 2])
    bank.clear()
    assert held(bank) == []


def test_images_of_the_batch_do_not_count():
    bank = filled([0, 1, 2], [3, 4])
    loc, scale, counts = numpy(bank.entries(IMAGES[[7, 3, 0]], 99))
    assert loc[counts, 0].tolist() == [1, 2, 4] and (scale[counts] == 2).all()
    almost = IMAGES[[3]].copy()
    almost[0, 0, 0] += 0.05  # another image
    assert 3 in numpy(bank.entries(almost, 99))[0][numpy(bank.entries(almost, 99))[2], 0]


def test_a_posterior_that_is_not_finite_does_not_count():
    bank = filled([0, 1])
    bank.remember(IMAGES[[2]], np.full((1, D), np.nan), np.ones((1, D)), 99)
    assert held(bank) == [0, 1]


def trained(rate, epochs, estimator="bank", x=IMAGES, **arguments):
    keras.utils.set_random_seed(2)
    encoder, decoder = tiny.encoder(SHAPE, 2 * D), tiny.decoder(D, SHAPE)
    model = BetaTCVAE(
        SHAPE, D, encoder=encoder, decoder=decoder, seed=1, estimator=estimator, **arguments
    )
    model.compile(keras.optimizers.SGD(rate))
    return model, model.fit(x, batch_size=6, epochs=epochs, verbose=0).history


TERMS = ("mutual_information", "total_correlation", "dimension_wise_kl")


def logged(model):
    """The mean of each term over eight passes, as training logs it, and its standard error."""
    passes = [model.evaluate(np.tile(IMAGES, (40, 1, 1, 1)), batch_size=6, verbose=0,
                             return_dict=True) for _ in range(8)]  # fmt: skip
    values = np.array([[one[term] for term in TERMS] for one in passes])
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(8)


def test_the_logged_number_is_the_exact_one():
    """Of a model that does not move, with a bank of the whole set; MSS misses one term by far."""
    found = {}
    for estimator in ("bank", "mss"):
        model, _ = trained(0.0, 0, estimator)
        dense = model.encoder.layers[-1]
        dense.kernel.assign(4.0 * dense.kernel)
        dense.bias.assign([0.0, 0.0, -3.0, -3.0])  # narrow posteriors
        model.fit(IMAGES, batch_size=6, epochs=1, verbose=0)  # nothing moves but the bank
        found[estimator], error = logged(model)
    result = surgery.decompose(model, IMAGES, samples=20_000)
    exact = np.array([getattr(result, term) for term in TERMS])
    tolerance = 5.4 * error + 0.02  # t with 7 degrees of freedom: 1 in 1,000
    assert (np.abs(found["bank"] - exact) < tolerance).all(), (found, exact)
    assert abs(found["mss"] - exact)[0] > 4 * tolerance[0], "of the mutual information"


def test_it_is_filled_by_training_alone():
    model, _ = trained(0.1, 1)
    assert int(model.bank.filled) == 30 and model.bank.size == 10_000
    before = numpy(model.bank.variables)
    model.compute_loss(IMAGES[:5], training=False)
    model.evaluate(IMAGES, verbose=0)
    for one, other in zip(before, numpy(model.bank.variables), strict=True):
        np.testing.assert_array_equal(one, other)


def test_its_entries_are_what_the_steps_saw():
    model, _ = trained(0.0, 1, bank_size=12)
    loc = numpy(model.bank.entries(1 - IMAGES[:1], 30))[0]
    means = ops.convert_to_numpy(model.encode(IMAGES)["loc"])
    distances = np.abs(loc[:, None] - means[None]).max(axis=2)
    assert (distances.min(axis=1) < 1e-5).all() and len(set(distances.argmin(axis=1))) == 12


def test_other_data_empties_it():
    model, _ = trained(0.1, 1)
    model.prepare_fit(IMAGES)
    assert int(model.bank.filled) == 30, "the same data goes on"
    model.prepare_fit(IMAGES[:20])
    assert int(model.bank.filled) == 0
    model.fit(IMAGES[:20], batch_size=20, epochs=1, verbose=0)
    assert int(model.bank.filled) == 20


def test_a_saved_model_keeps_it(tmp_path):
    model, _ = trained(0.1, 2, bank_size=12)
    model.save(tmp_path / "model.keras")
    other = keras.saving.load_model(tmp_path / "model.keras")
    assert other.bank_size == 12 and other.dataset_size == 30
    for one, two in zip(numpy(model.bank.variables), numpy(other.bank.variables), strict=True):
        np.testing.assert_array_equal(one, two)
    assert held(other.bank) == held(model.bank) != []


def test_the_density_ratio_has_none():
    assert MarginalKLVAE(estimator="density-ratio", **SMALL).bank is None
    assert MarginalKLVAE(estimator="bank", bank_size=5, **SMALL).bank.size == 5
    with pytest.raises(ValueError, match="bank_size belongs to estimator='bank'"):
        MarginalKLVAE(estimator="density-ratio", bank_size=5, **SMALL)

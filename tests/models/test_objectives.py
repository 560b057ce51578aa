"""Each objective against its formula, written out in NumPy from the paper."""

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops
from scipy.special import logsumexp

from kerasvae import DIPVAE, AnnealedVAE, BetaTCVAE, InfoVAE
from kerasvae.data import ImageDataset

SHAPE, D, N = (4, 4, 1), 2, 12
SMALL = {"image_shape": SHAPE, "latent_dim": D, "architecture": "mlp", "seed": 1}
IMAGES = np.random.default_rng(0).random((N, *SHAPE)).astype("float32")


def outputs_and_terms(model, images=IMAGES):
    outputs = model(images)
    terms = model.terms(images, outputs)
    return tuple(
        {name: ops.convert_to_numpy(value).astype("float64") for name, value in d.items()}
        for d in (outputs, terms)
    )


def objective(model, terms):
    result = model.objective(
        {name: ops.convert_to_tensor(v, "float32") for name, v in terms.items()}
    )
    return ops.convert_to_numpy(result)


def test_annealed_takes_the_absolute_value_of_the_batch_mean():
    model = AnnealedVAE(gamma=10.0, capacity=3.0, capacity_steps=0, **SMALL)
    terms = {"reconstruction": np.array([1.0, 2.0]), "kl": np.array([0.0, 6.0])}
    # The mean KL is at its capacity: nothing to pay, though each image is 3 nats away from it.
    np.testing.assert_allclose(objective(model, terms), [1.0, 2.0], atol=1e-5)
    terms["kl"] = np.array([0.0, 2.0])  # the mean is 2 nats below
    np.testing.assert_allclose(objective(model, terms), [21.0, 22.0], rtol=1e-6)


def test_the_capacity_follows_its_schedule_after_save_and_load(tmp_path):
    model = AnnealedVAE(capacity=6.0, capacity_steps=12, **SMALL)
    model.compile()
    model.fit(IMAGES, batch_size=3, shuffle=False, verbose=0)  # 4 steps
    assert float(model.current_capacity()) == pytest.approx(2.0)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert float(loaded.current_capacity()) == pytest.approx(2.0)
    loaded.fit(IMAGES, batch_size=3, shuffle=False, verbose=0)
    assert float(loaded.current_capacity()) == pytest.approx(4.0)
    loaded.fit(IMAGES, batch_size=3, epochs=3, shuffle=False, verbose=0)
    assert float(loaded.current_capacity()) == pytest.approx(6.0), "it stays at the end"


@pytest.mark.parametrize("kind", ["I", "II"])
def test_dip_penalises_the_covariance_of_its_kind(kind):
    model = DIPVAE(kind=kind, lambda_od=3.0, lambda_d=7.0, **SMALL)
    outputs, terms = outputs_and_terms(model)
    covariance = np.cov(outputs["loc"].T, bias=True)
    if kind == "II":
        covariance += np.diag((outputs["scale"] ** 2).mean(0))
    off, diagonal = 2 * covariance[0, 1] ** 2, ((np.diag(covariance) - 1) ** 2).sum()
    np.testing.assert_allclose(terms["covariance_off_diagonal"], np.full(N, off), rtol=1e-4)
    np.testing.assert_allclose(terms["covariance_diagonal"], np.full(N, diagonal), rtol=1e-4)
    expected = terms["reconstruction"] + terms["kl"] + 3.0 * off + 7.0 * diagonal
    np.testing.assert_allclose(objective(model, terms), expected, rtol=1e-5)


def test_dip_default_weights_are_those_of_the_studies():
    assert DIPVAE(kind="I", lambda_od=5.0, **SMALL).lambda_d == 50.0
    assert DIPVAE(kind="II", lambda_od=5.0, **SMALL).lambda_d == 5.0


@pytest.mark.parametrize(
    ("alpha", "lambda_mmd", "weights"),
    [(0.0, 1.0, (1.0, 0.0)), (1.0, 10.0, (0.0, 10.0)), (0.25, 3.0, (0.75, 2.25))],
)
def test_info_vae_weights(alpha, lambda_mmd, weights):
    model = InfoVAE(alpha=alpha, lambda_mmd=lambda_mmd, **SMALL)
    _, terms = outputs_and_terms(model)
    expected = terms["reconstruction"] + weights[0] * terms["kl"] + weights[1] * terms["mmd"]
    np.testing.assert_allclose(objective(model, terms), expected, rtol=1e-5)


def test_info_vae_mmd_falls_in_training():
    model = InfoVAE(alpha=1.0, lambda_mmd=1000.0, **SMALL)
    model.encoder.layers[-1].bias.assign([3.0, 3.0, -2.0, -2.0])  # q(z) far from the prior
    model.compile(keras.optimizers.Adam(1e-3))
    before = model.evaluate(IMAGES, verbose=0, return_dict=True)["mmd"]
    model.fit(np.tile(IMAGES, (60, 1, 1, 1)), batch_size=N, verbose=0)
    after = model.evaluate(IMAGES, verbose=0, return_dict=True)["mmd"]
    assert before > 0.5 and after < 0.5 * before


def log_normal(z, loc, scale):
    return scipy.stats.norm.logpdf(z, loc, scale)


def aggregate_by_hand(outputs, estimator, size, loc=None, scale=None):
    """log q(z_i) and its marginals in plain loops, from the formulas of Chen et al."""
    z = outputs["z"]
    loc = outputs["loc"] if loc is None else loc
    scale = outputs["scale"] if scale is None else scale
    rows, columns = len(z), len(loc)
    weights = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            if estimator == "exact":
                weights[i, j] = 1 / columns
            elif estimator == "mws":
                weights[i, j] = 1 / (size * columns)
            elif j == i:
                weights[i, j] = 1 / size
            elif j == (i + 1) % rows:
                weights[i, j] = (size - (rows - 1)) / (size * (rows - 1))
            else:
                weights[i, j] = 1 / (rows - 1)
    log_q = log_normal(z[:, None], loc[None], scale[None])  # (rows, columns, D)
    joint = logsumexp(log_q.sum(2), axis=1, b=weights)
    marginals = logsumexp(log_q, axis=1, b=weights[:, :, None])
    return joint, marginals.sum(1)


@pytest.mark.parametrize("estimator", ["mss", "mws", "exact"])
def test_beta_tcvae_terms_equal_the_formulas(estimator):
    model = BetaTCVAE(alpha=2.0, beta=5.0, gamma=3.0, estimator=estimator, **SMALL)
    model.prepare_fit(IMAGES)
    outputs, terms = outputs_and_terms(model, IMAGES[:5])
    whole = {k: ops.convert_to_numpy(v).astype("float64") for k, v in model.encode(IMAGES).items()}
    loc, scale = (whole["loc"], whole["scale"]) if estimator == "exact" else (None, None)
    log_qz, log_product = aggregate_by_hand(outputs, estimator, N, loc, scale)
    log_qz_given_x = log_normal(outputs["z"], outputs["loc"], outputs["scale"]).sum(1)
    log_pz = log_normal(outputs["z"], 0, 1).sum(1)
    expected = {
        "mutual_information": log_qz_given_x - log_qz,
        "total_correlation": log_qz - log_product,
        "dimension_wise_kl": log_product - log_pz,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    total = terms["reconstruction"] + 2 * expected["mutual_information"]
    total += 5 * expected["total_correlation"] + 3 * expected["dimension_wise_kl"]
    np.testing.assert_allclose(objective(model, terms), total, rtol=1e-4)


def test_beta_tcvae_takes_the_size_from_the_data():
    model = BetaTCVAE(**SMALL)
    model.compile()
    with pytest.raises(ValueError, match=r"fit the model first, or.*dataset_size="):
        model.evaluate(IMAGES, verbose=0)
    with pytest.raises(ValueError, match=r"these data do not give.*Received: generator"):
        model.fit((batch for batch in [IMAGES]), verbose=0)
    assert int(model.step) == 0
    model.fit(IMAGES, verbose=0)
    assert model.dataset_size == N
    model.fit(ImageDataset(IMAGES[:7]), batch_size=7, verbose=0)
    assert model.dataset_size == 7, "training on other data takes its size"
    outputs, terms = outputs_and_terms(model, IMAGES[:5])
    log_qz, log_product = aggregate_by_hand(outputs, "mss", 7)
    np.testing.assert_allclose(terms["total_correlation"], log_qz - log_product, atol=1e-4)


def test_beta_tcvae_keeps_a_given_size():
    model = BetaTCVAE(dataset_size=1000, **SMALL)
    model.compile()
    model.fit(IMAGES, verbose=0)
    assert model.dataset_size == 1000


def test_beta_tcvae_trains_with_a_smaller_last_batch_and_exactly():
    for estimator in ("mss", "exact", "bank"):
        model = BetaTCVAE(estimator=estimator, **SMALL)
        model.compile()
        history = model.fit(IMAGES, batch_size=5, epochs=2, verbose=0).history  # 5, 5, 2
        assert np.isfinite(history["loss"]).all() and int(model.step) == 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AnnealedVAE(capacity=-1.0, **SMALL), "Received: capacity=-1.0"),
        (lambda: DIPVAE(kind="III", **SMALL), "kind must be one of I, II"),
        (lambda: DIPVAE(lambda_od=-1.0, **SMALL), "Received: lambda_od=-1.0"),
        (lambda: InfoVAE(alpha=2.0, **SMALL), "1 - alpha must be"),
        (lambda: InfoVAE(alpha=0.0, lambda_mmd=0.5, **SMALL), "alpha \\+ lambda_mmd - 1 must be"),
        (lambda: InfoVAE(kernel="rbg", **SMALL), "Did you mean 'rbf'"),
        (lambda: BetaTCVAE(beta=-2.0, **SMALL), "Received: beta=-2.0"),
        (lambda: BetaTCVAE(estimator="msw", **SMALL), "estimator must be one of exact, mws, mss"),
        (lambda: BetaTCVAE(dataset_size=0, **SMALL), "Received: dataset_size=0"),
        (lambda: BetaTCVAE(estimator="bank", bank_size=0, **SMALL), "Received: bank_size=0"),
        (lambda: BetaTCVAE(bank_size=9, **SMALL), "bank_size belongs to estimator='bank'"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""Members of a population end as their single runs do, and nothing else may differ in them."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasvae as kv
from kerasvae.data import ImageDataset
from kerasvae.training import population
from tests.models import tiny

SHAPE, D = (8, 8, 1), 2
IMAGES = ImageDataset(np.random.default_rng(0).random((40, *SHAPE)).astype("float32") ** 2)
STEPS = {"batch_size": 8, "epochs": 2, "steps_per_epoch": 25}


def judge():
    return keras.Sequential([keras.Input((D,)), layers.Dense(6, "relu"), layers.Dense(2)])


# (class, what all have, what each has: its own weights, seed and learning rate)
CASES = {
    "beta": (kv.BetaVAE, {}, [{"beta": 1.0}, {"beta": 6.0}, {"beta": 4.0, "seed": 9}]),
    "densities": (kv.BetaTCVAE, {}, [{"beta": 1.0}, {"gamma": 2.0, "rate": 3e-3}]),
    "bank": (
        kv.BetaTCVAE,
        {"estimator": "bank", "bank_size": 20},
        [{"beta": 1.0}, {"beta": 6.0, "seed": 4}],
    ),
    "two players": (kv.FactorVAE, {}, [{"gamma": 2.0}, {"gamma": 35.0, "seed": 5}]),
    "draws of the prior": (
        kv.InfoVAE,
        {"kernel": "imq"},
        [{"alpha": 0.0, "lambda_mmd": 10.0}, {"alpha": 0.5, "lambda_mmd": 30.0}],
    ),
}


def built(case, own):
    """A compiled model; the same arguments give the same weights."""
    cls, shared, _ = CASES[case]
    own = {"seed": 3, "rate": 1e-3, **own}
    rate, extra = own.pop("rate"), {}
    keras.utils.set_random_seed(own["seed"])
    if cls is kv.FactorVAE:
        extra["discriminator"] = judge()
    encoder, decoder = tiny.encoder(SHAPE, 2 * D), tiny.decoder(D, SHAPE)
    model = cls(SHAPE, D, encoder=encoder, decoder=decoder, **shared, **own, **extra)
    model.compile(keras.optimizers.Adam(rate))
    return model


def members(case):
    return [built(case, own) for own in CASES[case][2]]


def values(model):
    """Weights, random states, steps and the state of the optimizer, in numpy."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    return [ops.convert_to_numpy(v) for v in (*variables, *model.optimizer.variables)]


def assert_same(model, single):
    for one, other in zip(values(model), values(single), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_members_end_as_their_single_runs(case):
    together, single = members(case), built(case, CASES[case][2][-1])
    histories = kv.training.fit_population(together, IMAGES, **STEPS)
    expected = single.fit(IMAGES, verbose=0, **STEPS)
    assert [model.history for model in together] == histories
    assert [model.steps_taken for model in together] == [50] * len(together)
    assert histories[-1].epoch == [0, 1]
    assert histories[-1].history.keys() == expected.history.keys()
    for name, means in expected.history.items():
        np.testing.assert_allclose(histories[-1].history[name], means, rtol=1e-4, atol=1e-4)
    assert_same(together[-1], single)
    # The members did not end alike: each had its own weight of the objective.
    assert abs(values(together[0])[0] - values(together[1])[0]).max() > 1e-3


def test_a_second_fit_and_a_second_population_go_on():
    together, single = members("densities"), built("densities", CASES["densities"][2][1])
    half = {**STEPS, "epochs": 1}
    array = IMAGES.images(range(40))  # an array is read as the data set is
    for steps in (half, {**half, "steps_per_epoch": 5}):
        population.fit_population(together, array, **steps)
    together[1].fit(IMAGES, verbose=0, **{**half, "steps_per_epoch": 5})
    for steps in (25, 10):
        single.fit(IMAGES, verbose=0, **{**half, "steps_per_epoch": steps})
    assert_same(together[1], single)
    assert together[1].gamma == 2.0 and type(together[0].gamma) is float  # and not a tracer
    assert [model.steps_taken for model in together] == [30, 35]


def test_a_member_that_diverges_is_named_and_the_others_are_trained():
    together = members("beta")
    before = values(together[1])[0]
    together[1].optimizer.learning_rate = 1e30
    with pytest.raises(FloatingPointError, match="Member 1 stopped. Training stopped at"):
        population.fit_population(together, IMAGES, **STEPS)
    np.testing.assert_array_equal(values(together[1])[0], before)
    for model in (together[0], together[2]):
        assert model.steps_taken == 50 and len(model.history.epoch) == 2
        assert all(np.isfinite(value).all() for value in values(model))


def test_images_that_are_drawn_batch_by_batch_give_the_same():
    class Drawn:
        shape = (40, *SHAPE)

        def __getitem__(self, indices):
            return IMAGES.images(indices)

    together, single = members("beta"), built("beta", CASES["beta"][2][1])
    few = {"batch_size": 8, "epochs": 2, "steps_per_epoch": 3}
    population.fit_population(together, ImageDataset(Drawn()), **few)
    single.fit(IMAGES, verbose=0, **few)
    assert_same(together[1], single)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX compiles one program")
def test_the_step_is_traced_once(monkeypatch):
    traced = []
    together = members("beta")
    for model in together:
        step = model._train_step
        vars(model)["_train_step"] = lambda x, step=step: traced.append(1) or step(x)
        model.run_eagerly = False
    kept = together[0].train_function
    population.fit_population(together, IMAGES, batch_size=8, epochs=2)
    assert len(traced) == 1
    assert together[0].train_function is kept  # not the one whose weights are variables


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda own: {**own, "warmup_steps": 7}, "warmup_steps: 0, 7"),
        (lambda own: {**own, "likelihood": "continuous_bernoulli"}, "likelihood: bernoulli"),
        (lambda own: {**own, "encoder": keras.Sequential(
            [keras.Input(SHAPE), layers.Flatten(), layers.Dropout(0.3), layers.Dense(2 * D)]
        )}, "encoder: "),
    ],
)  # fmt: skip
def test_what_else_differs_is_named(change, named):
    own = {"encoder": tiny.encoder(SHAPE, 2 * D), "decoder": tiny.decoder(D, SHAPE)}
    models = [kv.BetaVAE(SHAPE, D, **one) for one in (own, change(own))]
    for model in models:
        model.compile()
    with pytest.raises(ValueError, match=f"differ in {named}"):
        population.fit_population(models, IMAGES)
    assert [model.steps_taken for model in models] == [0, 0]


def test_models_that_are_no_population_are_refused():
    one, other = members("beta")[:2]
    other.compile(keras.optimizers.Adam(1e-3, beta_1=0.5))
    with pytest.raises(ValueError, match="differ in optimizer"):
        population.fit_population([one, other], IMAGES)
    with pytest.raises(ValueError, match="differ in class: BetaVAE, BetaTCVAE"):
        population.fit_population([one, members("densities")[0]], IMAGES)
    with pytest.raises(ValueError, match="listed twice"):
        population.fit_population([one, one], IMAGES)
    with pytest.raises(ValueError, match="expected an array or a data set"):
        population.fit_population([one], iter([np.zeros((4, *SHAPE), "float32")]))


def test_a_number_that_a_class_made_of_a_weight_is_found():
    class Doubled(kv.BetaVAE):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.twice = 2 * self.beta

    own = {"encoder": tiny.encoder(SHAPE, 2 * D), "decoder": tiny.decoder(D, SHAPE)}
    models = [Doubled(SHAPE, D, beta=beta, **own) for beta in (1.0, 2.0)]
    for model in models:
        model.compile()
    with pytest.raises(ValueError, match="differ in twice: 2.0, 4.0"):
        population.fit_population(models, IMAGES)


def test_callbacks_of_a_member_see_its_state_and_may_stop_it():
    class Watch(keras.callbacks.Callback):
        def __init__(self, stop_after=None):
            super().__init__()
            self.stop_after, self.seen, self.betas = stop_after, [], []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(values(self.model)[0])
            self.betas.append(self.model.beta)
            self.model.stop_training = epoch == self.stop_after

    together, few = members("beta")[:2], {"batch_size": 8, "epochs": 3, "steps_per_epoch": 2}
    watches = [Watch(), Watch(stop_after=1)]
    histories = kv.training.fit_population(
        together, IMAGES, callbacks=[[watch] for watch in watches], **few
    )
    single = built("beta", CASES["beta"][2][1])
    alone = Watch(stop_after=1)
    single.fit(IMAGES, verbose=0, callbacks=[alone], **few)
    for one, other in zip(watches[1].seen, alone.seen, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert [watch.betas[0] for watch in watches] == [1.0, 6.0]  # numbers, and each its own
    assert histories[1].epoch == [0, 1] and together[1].steps_taken == 4
    assert abs(watches[0].seen[0] - watches[1].seen[0]).max() > 1e-6


def test_callbacks_come_in_a_list_for_each_model():
    together = members("beta")
    with pytest.raises(ValueError, match="Received: 1 lists for 3 models"):
        population.fit_population(together, IMAGES, callbacks=[[]])
    assert together[0].steps_taken == 0


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX spreads no population")
def test_models_on_several_devices_are_refused(monkeypatch):
    from kerasvae.backend import in_turn

    monkeypatch.setattr(in_turn, "is_spread", lambda model: True)
    with pytest.raises(ValueError, match="fit_population trains on one device"):
        population.fit_population(members("beta"), IMAGES)

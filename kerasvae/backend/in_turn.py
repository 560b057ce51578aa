"""Members of a population on TensorFlow: in turn, by the training steps of the first one.

The steps are traced once. The weights of the objective in which members differ are variables while
they are, and the state of each member is put into the first model for as long as it trains.
"""

from contextlib import contextmanager

import keras

from kerasvae.backend.loop import fits_on_device, is_spread, looped_steps
from kerasvae.backend.state import state_variables
from kerasvae.backend.stretches import stretches


def train_members(members, weights, source, epochs):
    """Train members for some epochs; their models hold the result.

    Args:
        members: `kerasvae.training.members.Member`s, alike.
        weights: {name of an attribute: its value in each member}.
        source: a `kerasvae.data.images.Stored` to be put on the device, or None.
        epochs: how many.

    Returns:
        {number of a member: its FloatingPointError}.

    Raises:
        ValueError: models on several devices.
    """
    lead = members[0].model
    if is_spread(lead):
        raise ValueError(
            "fit_population trains on one device; train models on several by fit(). Received: "
            f"models on {lead.distribute_strategy.num_replicas_in_sync} devices"
        )
    if source is not None and not fits_on_device(source):
        source = None
    inputs = {name: keras.Variable(0.0, dtype="float32", trainable=False) for name in weights}
    steps = looped_steps(lead, source)

    def run(data):
        with _attributes(lead, inputs):
            return steps(data)

    first, failed = None, {}
    for number, member in enumerate(members):
        for name, variable in inputs.items():
            variable.assign(weights[name][number])
        if member.model is not lead:
            _copy(member.model, lead)
        try:
            _train(member, lead, run, source is not None, epochs)
        except FloatingPointError as error:
            failed[number] = error
        if member.model is not lead:
            _copy(lead, member.model)
        else:
            first = [keras.ops.convert_to_numpy(v) for v in state_variables(lead)]
    for variable, value in zip(state_variables(lead), first, strict=True):
        variable.assign(value)
    return failed


def _train(member, lead, run, by_index, epochs):
    """Train one member, whose state is in the first model."""
    model, callbacks = member.model, member.callbacks
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(epochs):
        lead.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for data in stretches([member.batches], by_index):
            logs = run(keras.tree.map_structure(lambda part: part[:, 0], data))
        member.batches.epoch += 1
        if member.is_watched and model is not lead:
            _copy(lead, model)
        callbacks.on_epoch_end(epoch, {name: float(value) for name, value in logs.items()})
        if model.stop_training:
            break
    # As Keras ends a `fit`: averages of weights take their place, if an optimizer keeps any.
    lead.optimizer.finalize_variable_values(lead.trainable_weights)
    callbacks.on_train_end()


@contextmanager
def _attributes(model, values):
    """Give a model other numbers for a while; not through Keras, which would track variables."""
    before = {name: vars(model)[name] for name in values}
    vars(model).update(values)
    try:
        yield
    finally:
        vars(model).update(before)


def _copy(one, other):
    """Let a model's variables have the values of another's."""
    for variable, target in zip(state_variables(one), state_variables(other), strict=True):
        target.assign(variable.value)

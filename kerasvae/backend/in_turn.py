"""Members of a population on TensorFlow: in turn, by the training step of the first one.

The step is traced once. The weights of the objective in which members differ are variables while
it is, and the state of each member is put into the first model for as long as it trains.
"""

from contextlib import contextmanager

import keras

from kerasvae.backend.state import state_variables


def train_members(members, weights, source, epochs):
    """Train members for some epochs; their models hold the result.

    Args:
        members: `kerasvae.training.members.Member`s, alike.
        weights: {name of an attribute: its value in each member}.
        source: not used here; images come through each member's batches.
        epochs: how many.

    Returns:
        {number of a member: its FloatingPointError}.
    """
    lead = members[0].model
    inputs = {name: keras.Variable(0.0, dtype="float32", trainable=False) for name in weights}
    plain = {name: vars(lead)[name] for name in weights}
    function, lead.train_function = lead.train_function, None
    first, failed = None, {}
    try:
        for number, member in enumerate(members):
            for name, variable in inputs.items():
                variable.assign(weights[name][number])
            if member.model is not lead:
                _copy(member.model, lead)
            try:
                with _attributes(lead, inputs):
                    relay = _Relay(lead, member, plain)
                    keras.Model.fit(
                        lead, member.batches, epochs=epochs, verbose=0, shuffle=False,
                        callbacks=[relay],
                    )  # fmt: skip
            except FloatingPointError as error:
                failed[number] = error
            finally:
                if member.model is not lead:
                    _copy(lead, member.model)
                else:
                    first = [keras.ops.convert_to_numpy(v) for v in state_variables(lead)]
    finally:
        if first is not None:
            for variable, value in zip(state_variables(lead), first, strict=True):
                variable.assign(value)
        lead.train_function = function
    for member in members:
        member.model.history = _history(member)
    return failed


class _Relay(keras.callbacks.Callback):
    """Calls a member's own callbacks, with its state in its own model where they look at it."""

    def __init__(self, lead, member, plain):
        super().__init__()
        self.lead, self.member, self.plain = lead, member, plain

    def on_train_begin(self, logs=None):
        """As of Keras."""
        self.member.model.stop_training = False
        self.member.callbacks.on_train_begin(logs)

    def on_train_end(self, logs=None):
        """As of Keras."""
        self.member.callbacks.on_train_end(logs)

    def on_epoch_begin(self, epoch, logs=None):
        """As of Keras."""
        self.member.callbacks.on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """As of Keras."""
        self.member.callbacks.on_train_batch_end(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        """As of Keras; the first model is itself meanwhile."""
        model = self.member.model
        with _attributes(self.lead, self.plain):
            if self.member.is_watched and model is not self.lead:
                _copy(self.lead, model)
            self.member.callbacks.on_epoch_end(epoch, logs)
        self.lead.stop_training = model.stop_training


@contextmanager
def _attributes(model, values):
    """Give a model other numbers for a while; not through Keras, which would track variables."""
    before = {name: vars(model)[name] for name in values}
    vars(model).update(values)
    try:
        yield
    finally:
        vars(model).update(before)


def _history(member):
    found = [c for c in member.callbacks.callbacks if isinstance(c, keras.callbacks.History)]
    return found[-1]


def _copy(one, other):
    """Let a model's variables have the values of another's."""
    for variable, target in zip(state_variables(one), state_variables(other), strict=True):
        target.assign(variable.value)

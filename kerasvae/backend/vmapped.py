"""Members of a population as one program on JAX: states stacked, steps under vmap and scan."""

import jax
import jax.numpy as jnp
import numpy as np

from kerasvae.backend.resident import as_images
from kerasvae.backend.scan import fits_on_device
from kerasvae.backend.state import state_groups
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
    """
    if source is not None and not fits_on_device(source):
        source = None
    run = _program(members[0].model, source)
    rows = None if source is None else jax.device_put(source.rows)
    inputs = {name: jnp.asarray(values, "float32") for name, values in weights.items()}
    failed = {}
    for member in members:
        member.model.stop_training = False
        member.callbacks.on_train_begin()
    states = _stacked(members)
    for epoch in range(epochs):
        for member in members:
            member.callbacks.on_epoch_begin(epoch)
        states = (*states[:3], _fresh_metrics(members))
        for data in stretches([member.batches for member in members], source is not None):
            states, logs = run(states, inputs, rows, data)
        logs = {name: np.asarray(values) for name, values in logs.items()}
        for number, member in enumerate(members):
            member.batches.epoch += 1
            if number not in failed:
                own = {name: float(values[number]) for name, values in logs.items()}
                _end_of_epoch(member, number, epoch, own, states, failed)
        if len(failed) == len(members) or any(m.model.stop_training for m in members):
            break
    for number, member in enumerate(members):
        if number not in failed:
            _write(member.model, states, number)
            _finish(member.model)
            member.callbacks.on_train_end()
    return failed


def _end_of_epoch(member, number, epoch, logs, states, failed):
    """Call a member's callbacks; one that refuses the losses ends its training here."""
    if member.is_watched:
        _write(member.model, states, number)
    try:
        member.callbacks.on_epoch_end(epoch, logs)
    except FloatingPointError as error:
        failed[number] = error
        _write(member.model, states, number)


def _program(lead, source):
    """run(states, weights, rows, data): as many steps as data has, of all members."""

    def member_step(state, weights, rows, data):
        if source is not None:
            data = (as_images(rows[data], source),)
        before = {name: vars(lead)[name] for name in weights}
        vars(lead).update(weights)  # not through Keras, which would look at the tracers
        try:
            return lead.train_step(state, data)
        finally:
            vars(lead).update(before)

    every_member = jax.vmap(member_step, in_axes=(0, 0, None, 0))

    def run(states, weights, rows, data):
        def step(states, batches):
            logs, states = every_member(states, weights, rows, batches)
            return states, logs

        states, logs = jax.lax.scan(step, states, data)
        return states, {name: values[-1] for name, values in logs.items()}

    return jax.jit(run, donate_argnums=0)


def _stacked(members):
    """The state of Keras's stateless trainer, every array with an axis of members in front."""
    groups = zip(*(state_groups(member.model) for member in members), strict=True)
    return tuple(
        [jnp.stack([v.value for v in alike]) for alike in zip(*group, strict=True)]
        for group in groups
    )


def _fresh_metrics(members):
    for member in members:
        member.model.reset_metrics()
    return _stacked(members)[3]


def _write(model, states, number):
    """Put a member's part of the state into its model."""
    for variables, arrays in zip(state_groups(model), states, strict=True):
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array[number])


def _finish(model):
    """As Keras ends a `fit`: averages of weights take their place, where an optimizer keeps any."""
    model.optimizer.finalize_variable_values(model.trainable_weights)

"""The variables that a model's training changes."""


def state_groups(model) -> tuple[list, ...]:
    """Weights, other variables, the optimizer's and the metrics', as Keras's JAX trainer groups."""
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def state_variables(model) -> list:
    """The same in one list, each variable once."""
    found = {id(variable): variable for group in state_groups(model) for variable in group}
    return list(found.values())

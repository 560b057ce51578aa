"""What the code says about itself: arguments of models, first lines and formulas of docstrings."""

import inspect
import re
from collections.abc import Collection

from kerasvae.models import BY_NAME, LatentVariableModel


def constructor_arguments(cls: type) -> dict[str, inspect.Parameter]:
    """Arguments of a class's constructor, and of those above it that it passes `**kwargs` on to.

    Up to Keras's own classes.

    Example:
        >>> from kerasvae.layers import GaussianSampling
        >>> list(constructor_arguments(GaussianSampling))
        ['seed']
    """
    found = {}
    for owner in cls.__mro__:
        if owner.__module__.startswith("keras."):
            break
        for name, parameter in inspect.signature(owner.__init__).parameters.items():
            variadic = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
            if name != "self" and not variadic:
                found.setdefault(name, parameter)
    return found


def own_arguments(model: type) -> dict[str, inspect.Parameter]:
    """Arguments of a model's constructor besides those that all models have.

    Example:
        >>> list(own_arguments(BY_NAME["beta-vae"]))
        ['beta', 'warmup_steps']
    """
    common = inspect.signature(LatentVariableModel).parameters
    arguments = constructor_arguments(model).items()
    return {name: parameter for name, parameter in arguments if name not in common}


def argument_help(model: type, name: str) -> str:
    """What the docstring of a model, or of an ancestor, says about an argument."""
    for ancestor in model.__mro__:
        found = re.search(
            rf"^    {name}: (.+?)(?=^    \S|^\S|^$|\Z)",
            inspect.cleandoc(ancestor.__doc__ or ""),
            re.MULTILINE | re.DOTALL,
        )
        if found:
            text = " ".join(found.group(1).split())
            return text[:1].upper() + text[1:]
    return ""


def summary(thing) -> str:
    """The first line of a docstring.

    Example:
        >>> summary(BY_NAME["vae"])[:12]
        'The variatio'
    """
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def formula(thing) -> str:
    """The first line of a docstring's formula; empty if there is none.

    Example:
        >>> formula(BY_NAME["beta-vae"])
        'reconstruction + beta kl'
    """
    found = re.search(r"^Formula:\n +(.+)$", inspect.getdoc(thing) or "", re.MULTILINE)
    return found[1] if found else ""


# Arguments that repeat what the data says, so they tell no settings apart.
OF_THE_DATA = ("dataset_size",)


def setting_label(model: str, arguments: dict, also: Collection[str] = ()) -> str:
    """A model's name with those of its own arguments that are not the default.

    Args:
        model: its name on the command line.
        arguments: the arguments of its constructor, by name.
        also: names of further arguments that are shown, whatever their value.

    Example:
        >>> setting_label("beta-vae", {"beta": 16.0, "warmup_steps": 0, "latent_dim": 10})
        'beta-vae beta=16'
        >>> setting_label("infogan", {"categories": [], "noise_dim": 16})
        'infogan noise_dim=16'
        >>> setting_label("vae", {"latent_dim": 10}, also=["latent_dim"])
        'vae latent_dim=10'
        >>> setting_label("beta-tcvae", {"beta": 6.0, "dataset_size": 2048})
        'beta-tcvae'
    """
    own = own_arguments(BY_NAME[model])
    parts = [model]
    for name, value in arguments.items():
        default = own[name].default if name in own else value
        plain = list(default) if isinstance(default, tuple) else default  # as JSON keeps it
        shown = name not in OF_THE_DATA and value not in (default, plain)
        if shown or name in also:
            parts.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    return " ".join(parts)

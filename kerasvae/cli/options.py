"""What the command line knows about models and data sets: read from their code, not listed."""

import difflib
import inspect
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from kerasvae import data
from kerasvae.models import BY_NAME
from kerasvae.models.introspection import argument_help, formula, own_arguments, summary
from kerasvae.runs.config import option_names


def json_value(text: str) -> Any:
    """A number, true, false, null or a list as JSON means it; anything else as it is.

    Example:
        >>> json_value("4.5"), json_value("[1, 2]"), json_value("learned")
        (4.5, [1, 2], 'learned')
    """
    try:
        return json.loads(text)
    except ValueError:
        return text


def refusal(what: str, value: str, choices: Iterable[str]) -> typer.BadParameter:
    """The error for a wrong name, with the nearest right one."""
    choices = list(choices)
    near = difflib.get_close_matches(value, choices, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return typer.BadParameter(
        f"{value!r} is not a valid {what}.{hint} Choose from {', '.join(choices)}."
    )


def one_of(what: str, choices: Iterable[str]) -> Callable[[str | None], str | None]:
    """An option's callback that accepts only these names."""

    def check(value):
        """Refuse any other name."""
        if value is not None and value not in choices:
            raise refusal(what, value, choices)
        return value

    return check


def data_source(value: str | None) -> str | None:
    """The callback of --data: the name of a data set, or a folder as an absolute path."""
    if value is None or value in data.names():
        return value
    place = Path(value).expanduser()
    if place.is_dir() or (place.suffix == ".npz" and place.is_file()):
        return str(place.resolve())
    raise refusal("data set, folder or .npz file", value, data.names())


def data_options(source: str, pairs: list[str], image_size: int | None) -> dict[str, Any]:
    """Options of a data set's loader, from --data-option name=value and --image-size.

    Raises:
        typer.BadParameter: an option that the loader does not have.
    """
    known = option_names(source)
    options = {} if image_size is None else {"image_size": image_size}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--data-option: expected name=value. Received: {pair!r}")
        options[name] = json_value(value)
    for name in options:
        if not known:
            raise typer.BadParameter(f"{source} takes no options. Received: {name}")
        if name not in known:
            raise refusal(f"option of {source}", name, known)
    return options


def option(panel: str, help: str, default: str = "", flag: str = "", **settings):
    """A Typer option in a named panel of the help, with its default in words.

    Args:
        panel: its heading in the help.
        help: one line.
        default: what is used if the option is not given.
        flag: the name of an option without a value.
        **settings: further arguments of `typer.Option`.
    """
    if default:
        help += rf" [dim]\[{escape(default)}][/dim]"
    names = (f"--{flag}",) if flag else ()
    return typer.Option(*names, help=help, rich_help_panel=panel, show_default=False, **settings)


def setting(
    name: str, kind: type, panel: str, help: str, default: str, **settings
) -> inspect.Parameter:
    """A parameter for the signature of a command; None if the option is not given.

    Args:
        name: of the parameter.
        kind: int, float, str, or Any with a `parser`.
        panel: as for `option`, as are `help`, `default` and `settings`.
    """
    metavar = {int: "N", float: "X", str: "NAME"}.get(kind, "VALUE")
    info = option(panel, help, default, metavar=metavar, **settings)
    annotation = Annotated[kind if kind is Any else kind | None, info]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=None, annotation=annotation)


def model_command(
    name: str, train: Callable, settings: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """The function behind `train NAME`: the options of all models, and this model's own.

    Args:
        name: the model's.
        train: train(model_name, <options>, **settings).
        settings: parameters that all models have, as `setting` makes them.

    Returns:
        A function whose signature Typer turns into a command.
    """
    model = BY_NAME[name]
    panel = f"Objective of {name}"
    own = [
        setting(
            argument.name,
            Any,
            panel,
            escape(argument_help(model, argument.name)),
            "" if argument.default is None else str(argument.default),
            parser=json_value,
        )
        for argument in own_arguments(model).values()
    ]
    keyword = inspect.Parameter.KEYWORD_ONLY
    common = [
        parameter.replace(kind=keyword)
        for parameter in list(inspect.signature(train).parameters.values())[1:]
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    panels = ["Data", panel, "Network", "Training", "Run folder"]
    parameters = sorted([*common, *own, *settings], key=lambda p: panels.index(_panel(p)))

    def command(**options):
        """Train this model."""
        train(name, **options)

    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = escape(_help(model))
    return command


def _panel(parameter: inspect.Parameter) -> str:
    (option_info,) = parameter.annotation.__metadata__
    return option_info.rich_help_panel


def _help(model: type) -> str:
    """First sentence and formula of a model's docstring."""
    return summary(model) + (f"\n\nMinimises {formula(model)}" if formula(model) else "")

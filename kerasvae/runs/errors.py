"""Errors of run folders: each names what it is about, and the command line adds its own words."""


class ArgumentError(ValueError):
    """A wrong argument, or one that is the remedy.

    The message speaks of arguments. The command line, where they have other names, reads
    `arguments` and adds its options.

    Args:
        message: what was expected, what came, what to do.
        *arguments: names of the arguments that the message speaks of.

    Example:
        >>> ArgumentError("span must be positive. Received: span=0", "span").arguments
        ('span',)
    """

    def __init__(self, message: str, *arguments: str):
        super().__init__(message)
        self.arguments = arguments


class DamagedFileError(ArgumentError):
    """A file of a run folder that does not say the truth, or cannot be read as what it is.

    Args:
        path: of the file.
        what: the field, and what is wrong with it.
        *arguments: as for `ArgumentError`.
    """

    def __init__(self, path, what: str, *arguments: str):
        super().__init__(f"{path} is damaged: {what}", *arguments)


class NoCheckpointError(FileNotFoundError):
    """A run without a model.keras yet; the remedy is to train it."""

    arguments = ("resume",)


class InUseError(RuntimeError):
    """Another process writes into this folder."""

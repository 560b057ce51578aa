"""The command line: flags in, library calls, tables out."""

from kerasvae.cli.app import main

__all__ = ["main"]

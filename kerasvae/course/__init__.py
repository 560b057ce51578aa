"""Runs and builds the notebooks and the problem sets."""

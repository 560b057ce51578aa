"""Studies: many models, weights and seeds, each run in a process of its own."""

from kerasvae.study.plan import Job, Plan, read_plan
from kerasvae.study.study import run_study

__all__ = ["Job", "Plan", "read_plan", "run_study"]

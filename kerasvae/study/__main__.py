"""`python -m kerasvae.study FOLDER < job.json`: the process of one run, see `worker`."""

from kerasvae.study.worker import main

main()

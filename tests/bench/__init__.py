"""What the program costs, measured beside `kubectl argo rollouts get -w` in the same run.

    python -m tests.bench                        # everything but the fleet, about six minutes
    python -m tests.bench --only start,change    # some measures
    python -m tests.bench --fleet 2000           # and a board of 2,000 rollouts
    python -m tests.bench --json > figures.json

Both run in a pseudo-terminal of 120x40 on the real control plane; the program is installed as a
wheel with compiled bytecode. Times are noisy on a shared machine: compare the ratios of one run.

What is measured: `start` until the first byte and the first data are on the screen; `change` from
an accepted patch to its number on the screen, and the bytes it cost; `idle` bytes and processor
while nothing happens, then memory; `abort` the 30 s after one, in which the controller flaps a
Service; `charts` the bytes of a new sample in 80x24; `fleet` all of it with many rollouts.
"""

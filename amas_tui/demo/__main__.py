"""The demo's process, started by `amas-tui demo`: `python -m amas_tui.demo`."""

import argparse
import asyncio

from amas_tui.demo.process import run
from amas_tui.demo.world import Options


def main() -> None:
    """Serve a demo; one line of JSON on stdout says where."""
    parser = argparse.ArgumentParser(prog="python -m amas_tui.demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of everything random")
    parser.add_argument("--scenario", default="", help="what happens; nothing by default")
    parser.add_argument("--speed", type=float, default=1.0, help="times faster than in life")
    parser.add_argument("--fleet", type=int, default=0, help="how many quiet rollouts beside")
    parser.add_argument("--port", type=int, default=0, help="where to listen, if that is free")
    given = parser.parse_args()
    options = Options(given.seed, given.scenario, given.speed, given.fleet)
    asyncio.run(run(options, given.port))


if __name__ == "__main__":
    main()

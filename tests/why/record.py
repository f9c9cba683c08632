"""Records every trouble for the unit tests: `python -m tests.why.record [NAME…]`.

Needs a running control plane in `AMAS_TUI_BED` (`python -m tests.controlplane up`).
"""

import asyncio
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from amas_tui.cli.headless import Connection
from amas_tui.cli.options import Flags
from amas_tui.cli.why_command import told
from amas_tui.domain.base import Key
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.why import recorded
from tests.why.seen import Seen
from tests.why.troubles import TROUBLES
from tests.why.witness import Drama

_DEADLINE = 150.0


async def _record(drama: Drama, seen: Seen, kubeconfig: Path, namespace: str) -> None:
    flags = Flags(kubeconfig=str(kubeconfig), namespaces=(namespace,))
    async with Connection(flags) as (_, transport):
        for one in drama.troubles:
            now = datetime.now(UTC) + transport.clock_offset
            (scene, _), _ = await told(transport, Key(namespace, one.name))
            size = recorded.write(one.name, seen, scene.clues, now)
            sys.stdout.write(f"{one.name}: {size} bytes\n")


def main() -> None:
    """Provoke the troubles that are named, or all, and write one file each."""
    wanted = set(sys.argv[1:])
    troubles = [one for one in TROUBLES if not wanted or one.name in wanted]
    bed = ControlPlane.attach(Path(os.environ["AMAS_TUI_BED"]))
    with Api(bed) as api, api.namespace("record") as namespace:
        drama = Drama(bed, api, namespace, troubles)
        drama.begin()
        witness = threading.Thread(target=drama.lead, args=(time.monotonic() + _DEADLINE,))
        witness.start()
        witness.join()
        missing = [name for name, one in drama.records.items() if one.visible is None]
        assert not missing, f"the API never showed {missing}"
        kubeconfig = bed.kubeconfig(namespace=namespace)
        asyncio.run(_record(drama, Seen.of(api, namespace), kubeconfig, namespace))


if __name__ == "__main__":
    main()

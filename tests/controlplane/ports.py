"""Free ports that two beds starting at the same time do not both take."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_RANGE: Final = range(20_000, 32_000)
"""Below the kernel's own range, where any outgoing connection may take a port meanwhile."""


@contextmanager
def reserved_ports(count: int) -> Iterator[tuple[int, ...]]:
    """Yield `count` free ports of 127.0.0.1, kept from other beds until the context ends.

    The programs bind their ports themselves, within the context.
    """
    with ExitStack() as stack:
        ports: list[int] = []
        # At random: two beds seldom ask for the same one.
        for port in random.sample(_RANGE, len(_RANGE)):
            if len(ports) == count:
                break
            claim = stack.enter_context(socket.socket(socket.AF_UNIX))
            with socket.socket() as probe:
                try:
                    # A name in the abstract namespace: one holder per machine, gone with it.
                    claim.bind(f"\0amas-tui-port-{port}")
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            ports.append(port)
        yield tuple(ports)

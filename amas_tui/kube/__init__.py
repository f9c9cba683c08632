"""The Kubernetes API: the only importer of kubernetes_asyncio, and of httpx beside `prometheus`."""

import sys

# httpx imports the parts of its own command line, rich and pygments among them, where it finds
# them: 10 ms and 2 MB for nothing. It does without where they are not to be had.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

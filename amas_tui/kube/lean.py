"""kubernetes_asyncio's kubeconfig code without its half second of generated models.

The package imports every model and API on its first import, whatever one asks of it. Only its
kubeconfig reader is needed here, so the parents are stood in for while that one module loads, and
taken away again, so that anybody else's import of the package is untouched. A test holds this to
what the plain import gives.
"""

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import yaml

_PACKAGE: Final = "kubernetes_asyncio"


@dataclass(frozen=True, slots=True)
class KubeconfigReader:
    """What is taken from kubernetes_asyncio."""

    merger: type[Any]
    """`KubeConfigMerger`: reads and merges several files."""
    loader: type[Any]
    """`KubeConfigLoader`: picks context, cluster and user."""
    exec_provider: type[Any]
    """`ExecProvider`: reads the configuration of an exec helper."""
    error: type[Exception]
    """`ConfigException`."""


@cache
def kubeconfig_reader() -> KubeconfigReader:
    """Return kubernetes_asyncio's classes, with a YAML reader in C where there is one."""
    loaded = sys.modules.get(_PACKAGE)
    module = _plain() if loaded is not None else _lean()
    # Its own reader is pure Python and takes 80 ms for thirty contexts, on the event loop.
    fast = ModuleType("yaml")
    vars(fast).update(vars(yaml))
    fast.__dict__["safe_load"] = load_yaml
    vars(module)["yaml"] = fast
    return KubeconfigReader(
        module.KubeConfigMerger,
        module.KubeConfigLoader,
        module.ExecProvider,
        module.ConfigException,
    )


def load_yaml(stream: Any) -> Any:
    """Return the document in `stream`, read by libyaml where PyYAML was built with it.

    An empty one is an empty kubeconfig, as for kubectl.

    Raises:
        ValueError: It is a list or a plain value.
    """
    document = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ValueError("it is not a mapping")  # noqa: TRY004 - the value is wrong, not its use
    return document


def _plain() -> Any:
    return importlib.import_module(f"{_PACKAGE}.config.kube_config")


def _lean() -> Any:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return _plain()
    root = Path(next(iter(spec.submodule_search_locations)))
    stand_ins = {
        _PACKAGE: _stand_in(_PACKAGE, path=root),
        f"{_PACKAGE}.config": _stand_in(f"{_PACKAGE}.config", path=root / "config"),
        f"{_PACKAGE}.client": _stand_in(f"{_PACKAGE}.client", "ApiClient", "Configuration"),
        # These two import aiohttp for logins that are not taken from here.
        f"{_PACKAGE}.config.openid": _stand_in(f"{_PACKAGE}.config.openid", "OpenIDRequestor"),
        f"{_PACKAGE}.config.google_auth": _stand_in(
            f"{_PACKAGE}.config.google_auth", "google_auth_credentials"
        ),
    }
    sys.modules.update(stand_ins)
    try:
        return _plain()
    finally:
        for name in [n for n in sys.modules if n == _PACKAGE or n.startswith(f"{_PACKAGE}.")]:
            del sys.modules[name]


def _stand_in(name: str, *classes: str, path: Path | None = None) -> ModuleType:
    module = ModuleType(name)
    if path is not None:
        module.__path__ = [str(path)]
    for class_ in classes:
        setattr(module, class_, type(class_, (), {}))
    return module

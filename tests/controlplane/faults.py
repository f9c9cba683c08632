"""Things that go wrong on purpose, and rights that people have or lack.

Faults of a whole program are `bed.processes[NAME].pause()`, `.kill()`, `.restart()`; `paused` does
it for the length of a `with`.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest
from tests.controlplane.process import Process
from tests.controlplane.users import GROUPS
from tests.controlplane.world import BEHAVIOUR_ANNOTATION

INSTANCE_LABEL: Final = "argo-rollouts.argoproj.io/controller-instance-id"
_RBAC: Final = "rbac.authorization.k8s.io"
_QUOTA: Final = "test-quota"
_GRANT: Final = "test-grant"
_IN_FORCE_SECONDS: Final = 30.0


def blind(api: Api, namespace: str, name: str, plural: str = "rollouts") -> None:
    """Make the controller overlook a Rollout: writes are accepted, nothing reacts.

    An AnalysisRun or Experiment is overlooked likewise; its Rollout is to be so before it, or
    another is made in its place.
    """
    _label(api, namespace, name, plural, "nobody")


def unblind(api: Api, namespace: str, name: str, plural: str = "rollouts") -> None:
    """Let the controller see it again, an AnalysisRun or Experiment before its Rollout."""
    _label(api, namespace, name, plural, None)


def invalid_spec(api: Api, namespace: str, template: str) -> Json:
    """Delete an AnalysisTemplate and return it, to be applied again.

    The controller acts on nothing of a Rollout that names it, an abort included.
    """
    found = api.get("analysistemplates", namespace, template)
    api.delete("analysistemplates", namespace, template)
    found["metadata"] = {"namespace": namespace, "name": template}
    return found


def quota(api: Api, namespace: str, **hard: str) -> None:
    """Set the namespace's only quota, e.g. `pods="3"`; pods there are stay."""
    api.apply(manifest("v1", "ResourceQuota", namespace, _QUOTA, spec={"hard": hard}))


def lift_quota(api: Api, namespace: str) -> None:
    """Take the quota away."""
    api.delete("resourcequotas", namespace, _QUOTA)


def misbehave(api: Api, namespace: str, word: str, **selectors: str) -> None:
    """Make the pods there are serve as a version with this word in its tag would.

    Args:
        api: An admin's.
        namespace: Where.
        word: `bad`, `slow`, `slowbad`, or empty for well.
        selectors: Which pods, e.g. `labelSelector="app=x"`; all by default.
    """
    for pod in api.list("pods", namespace, **selectors):
        annotations = {"annotations": {BEHAVIOUR_ANNOTATION: word}}
        api.patch("pods", namespace, pod["metadata"]["name"], {"metadata": annotations})


def grant(api: Api, namespace: str, user: str, *rules: Json) -> None:
    """Give a user exactly these rights in the namespace; see `rule`.

    They are in force on return: the API server decides by what its watch of roles brought.
    """
    old = api.find("roles", namespace, _GRANT)
    taken = [one for one in (old or {}).get("rules", []) if one not in rules]
    role = manifest(f"{_RBAC}/v1", "Role", namespace, _GRANT, rules=list(rules))
    binding = manifest(
        f"{_RBAC}/v1",
        "RoleBinding",
        namespace,
        _GRANT,
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": _GRANT},
        subjects=[{"apiGroup": _RBAC, "kind": "Group", "name": GROUPS[user]}],
    )
    api.apply(role, binding)
    with Api(api.server, user) as theirs:
        end = time.monotonic() + _IN_FORCE_SECONDS
        while not _in_force(theirs.rules(namespace), rules, taken):
            if time.monotonic() > end:
                raise AssertionError(f"the rights of {user} in {namespace} are not in force")


def _in_force(found: Collection[Json], given: Collection[Json], taken: Collection[Json]) -> bool:
    known = [{key: value for key, value in one.items() if value} for one in found]
    return all(one in known for one in given) and not any(one in known for one in taken)


def revoke(api: Api, namespace: str) -> None:
    """Take back what `grant` gave."""
    api.delete("rolebindings", namespace, _GRANT)


def rule(group: str, resources: str, verbs: str) -> Json:
    """Return a rule, e.g. `rule("argoproj.io", "rollouts rollouts/status", "get patch")`."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


@contextmanager
def paused(process: Process) -> Iterator[None]:
    """Hold a program: its connections stay open and nothing comes."""
    process.pause()
    try:
        yield
    finally:
        process.resume()


def _label(api: Api, namespace: str, name: str, plural: str, value: str | None) -> None:
    body = {"metadata": {"labels": {INSTANCE_LABEL: value}}}
    api.patch(plural, namespace, name, body)

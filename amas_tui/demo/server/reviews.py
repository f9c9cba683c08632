"""The questions "who am I" and "may I", which are asked by creating an object."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from amas_tui.demo.clock import rfc3339
from amas_tui.demo.server.access import Authorizer, User
from amas_tui.demo.server.requests import Asked
from amas_tui.demo.server.status import Cause, bad_request, invalid
from amas_tui.demo.store import Store

Json = dict[str, Any]

_AUTHORIZATION: Final = "authorization.k8s.io"
_AUTHENTICATION: Final = "authentication.k8s.io"


class Reviews:
    """Answers the three reviews."""

    def __init__(self, store: Store, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer

    def of(self, asked: Asked) -> Callable[[User, Json], Json] | None:
        """Return what answers a request, `None` when it is no review."""
        match asked.verb, asked.group, asked.version, asked.plural:
            case "create", "authentication.k8s.io", "v1", "selfsubjectreviews":
                return self._who
            case "create", "authorization.k8s.io", "v1", "selfsubjectaccessreviews":
                return self._may
            case "create", "authorization.k8s.io", "v1", "selfsubjectrulesreviews":
                return self._rules
            case _:
                return None

    def _who(self, user: User, _body: Json) -> Json:
        info = {"username": user.name, "uid": user.name, "groups": list(user.groups)}
        return {
            "kind": "SelfSubjectReview",
            "apiVersion": f"{_AUTHENTICATION}/v1",
            "metadata": {"creationTimestamp": rfc3339(self._store.clock.now)},
            "status": {"userInfo": info},
        }

    def _may(self, user: User, body: Json) -> Json:
        spec = body.get("spec") or {}
        reason = self._authorizer.reason(user, _asked(spec))
        is_allowed = user.is_master or reason is not None
        words = {"reason": reason} if reason and not user.is_master else {}
        return {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": f"{_AUTHORIZATION}/v1",
            "metadata": {},
            "spec": spec,
            "status": {"allowed": is_allowed, **words},
        }

    def _rules(self, user: User, body: Json) -> Json:
        namespace = (body.get("spec") or {}).get("namespace", "")
        if not namespace:
            raise bad_request("no namespace on request")
        rules = [grant.rule for grant in self._authorizer.grants(user, namespace)]
        return {
            "kind": "SelfSubjectRulesReview",
            "apiVersion": f"{_AUTHORIZATION}/v1",
            "metadata": {},
            "spec": {},
            "status": {
                "resourceRules": list(_rules_of(rules, "resources")),
                "nonResourceRules": list(_rules_of(rules, "nonResourceURLs")),
                "incomplete": False,
            },
        }


def _rules_of(rules: list[Json], field: str) -> Iterator[Json]:
    order = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
    for rule in rules:
        if rule.get(field):
            yield {key: rule[key] for key in order if rule.get(key)}


def _asked(spec: Json) -> Asked:
    about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (about is None) == (path is None):
        cause = Cause(
            "FieldValueInvalid",
            "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes"
            " must be specified",
            "spec.resourceAttributes",
        )
        raise invalid(_AUTHORIZATION, "", "", [cause])
    if about is None:
        return Asked((path or {}).get("verb", ""), (path or {}).get("path", ""))
    return Asked(
        about.get("verb", ""),
        "",
        about.get("group", ""),
        about.get("version", ""),
        about.get("resource", ""),
        about.get("subresource", ""),
        about.get("namespace", ""),
        about.get("name", ""),
    )

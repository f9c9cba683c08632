"""Writes as the API server takes them: checks, words, and what is kept of a body."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from amas_tui.demo import managed, namespaces
from amas_tui.demo.copies import copied
from amas_tui.demo.managed import Writer
from amas_tui.demo.resources import EVENTS, NAMESPACES, RBAC, Resource
from amas_tui.demo.server import patching, schema
from amas_tui.demo.server.requests import Asked, flag
from amas_tui.demo.server.status import (
    Cause,
    bad_request,
    conflict,
    given,
    internal,
    invalid,
    terminating,
    unsupported,
)
from amas_tui.demo.store import Json, Key, StatusError, Store, not_found

_BODY_TYPES: Final = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
    " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LONGEST_MANAGER: Final = 128


class Options(NamedTuple):
    """What a write's query says."""

    manager: str
    is_named: bool
    is_dry_run: bool
    is_forced: bool

    @classmethod
    def read(cls, query: Mapping[str, str], agent: str, kind: str) -> "Options":
        """Return the options of a request.

        Args:
            query: The query.
            agent: The `User-Agent`, which names the manager where the query does not.
            kind: What the options are called, e.g. `PatchOptions`.

        Raises:
            StatusError: One of them is not possible (422).
        """
        dry_run, manager = query.get("dryRun", ""), query.get("fieldManager", "")
        wrong = []
        if dry_run not in ("", "All"):
            words = f'Unsupported value: ["{dry_run}"]: supported values: "All"'
            wrong.append(Cause("FieldValueNotSupported", words, "dryRun"))
        if len(manager.encode()) > _LONGEST_MANAGER:
            words = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
            wrong.append(Cause("FieldValueTooLong", words, "fieldManager"))
        if wrong:
            raise invalid("meta.k8s.io", kind, "", wrong)
        default = agent.partition("/")[0] or "unknown"
        return cls(manager or default, bool(manager), dry_run == "All", flag(query, "force"))


class Body(NamedTuple):
    """A request's body and its media type."""

    data: bytes
    type: str


class Written(NamedTuple):
    """What a write leads to."""

    object: Json
    warnings: tuple[str, ...] = ()
    is_new: bool = False


class Writes:
    """Takes the writes of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, asked: Asked, resource: Resource, body: Body, options: Options) -> Written:
        """Create an object.

        Raises:
            StatusError: It is refused.
        """
        obj = _decoded(body, resource)
        metadata = obj.setdefault("metadata", {})
        if metadata.get("resourceVersion"):
            raise internal("resourceVersion should not be set on objects to be created")
        return self._create(asked, resource, obj, Writer(options.manager), options)

    def update(self, asked: Asked, resource: Resource, body: Body, options: Options) -> Written:
        """Replace an object.

        Raises:
            StatusError: It is refused.
        """
        obj = _decoded(body, resource)
        version = obj.setdefault("metadata", {}).get("resourceVersion")
        _check_name(asked, obj)
        self._store.get(resource, asked.scope, asked.name)
        if not version and resource.is_custom:
            words = "Invalid value: 0: must be specified for an update"
            cause = Cause("FieldValueInvalid", words, "metadata.resourceVersion")
            raise invalid(resource.group, resource.plural, asked.name, [cause])
        return self._change(asked, resource, lambda _: obj, options)

    def patch(self, asked: Asked, resource: Resource, body: Body, options: Options) -> Written:
        """Patch an object, or apply one.

        Raises:
            StatusError: It is refused.
        """
        accepted = (patching.JSON, patching.MERGE, patching.APPLY)
        if body.type not in accepted:
            if resource.is_custom or body.type == patching.STRATEGIC:
                raise unsupported(accepted)
            words = "415: Unsupported Media Type"
            raise StatusError(415, "UnsupportedMediaType", words, {})
        if body.type == patching.APPLY:
            if not options.is_named:
                words = "Required value: is required for apply patch"
                cause = Cause("FieldValueRequired", words, "fieldManager")
                raise invalid("meta.k8s.io", "PatchOptions", "", [cause])
            return self._apply(asked, resource, body, options)
        if options.is_forced:
            words = "Forbidden: may not be specified for non-apply patch"
            cause = Cause("FieldValueForbidden", words, "force")
            raise invalid("meta.k8s.io", "PatchOptions", "", [cause])
        read = patching.json_patch if body.type == patching.JSON else patching.merge_patch
        return self._change(asked, resource, read(body.data), options)

    def delete(self, asked: Asked, resource: Resource, body: Body, options: Options) -> Json:
        """Delete an object and return what the server says then.

        Raises:
            StatusError: It is not there (404), or is another than the one meant (409).
        """
        obj = self._store.get(resource, asked.scope, asked.name)
        _check_preconditions(resource, obj, body)
        if resource == NAMESPACES:
            return self._end_namespace(obj, options)
        self._store.delete(resource, asked.scope, asked.name, dry_run=options.is_dry_run)
        return _deleted(resource, obj)

    def _create(
        self, asked: Asked, resource: Resource, obj: Json, writer: Writer, options: Options
    ) -> Written:
        metadata = obj["metadata"]
        self._check_place(asked, resource, metadata)
        _check_kind(resource, obj)
        for field in ("uid", "creationTimestamp", "generation", "managedFields", "selfLink"):
            metadata.pop(field, None)
        _drop_empty(metadata)
        if resource.has_status:
            obj.pop("status", None)
        warnings = _judged(resource, obj)
        created = self._store.create(resource, obj, dry_run=options.is_dry_run, writer=writer)
        return Written(created, warnings, is_new=True)

    def _check_place(self, asked: Asked, resource: Resource, metadata: Json) -> None:
        """Put the object where the path says.

        Raises:
            StatusError: It says otherwise itself (400), or the namespace is not there or ends.
        """
        if not resource.is_namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.get("namespace", asked.namespace) != asked.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the"
                " request"
            )
        metadata["namespace"] = asked.namespace
        found = self._store.find(NAMESPACES, "", asked.namespace)
        if found is None:
            raise not_found(Key(NAMESPACES, "", asked.namespace))
        if "deletionTimestamp" in found["metadata"]:
            raise terminating(resource, asked.namespace, metadata.get("name", ""))

    def _change(
        self,
        asked: Asked,
        resource: Resource,
        change: Callable[[Json], Json],
        options: Options,
        writer: Writer | None = None,
        owned: set[managed.Path] | None = None,
    ) -> Written:
        warnings: tuple[str, ...] = ()
        before = self._store.get(resource, asked.scope, asked.name)

        def write(obj: Json) -> None:
            nonlocal warnings
            after = change(copied(obj))
            after |= {"apiVersion": before["apiVersion"], "kind": before["kind"]}
            if not isinstance(after.get("metadata"), dict):
                after["metadata"] = {}
            _check_name(asked, after)
            _check_version(resource, before, after)
            _check_identity(asked, resource, before, after)
            if asked.subresource == "status":
                after = {**before, "status": after.get("status", {})}
                if not after["status"]:
                    del after["status"]
            elif resource.has_status:
                after = {key: value for key, value in after.items() if key != "status"}
            _drop_empty(after["metadata"])
            warnings = _judged(resource, after, asked.subresource)
            obj.clear()
            obj.update(after)

        written = self._store.update(
            resource,
            asked.scope,
            asked.name,
            write,
            subresource=asked.subresource,
            dry_run=options.is_dry_run,
            writer=writer or Writer(options.manager, subresource=asked.subresource),
            owned=owned,
        )
        return Written(written, warnings)

    def _apply(self, asked: Asked, resource: Resource, body: Body, options: Options) -> Written:
        manifest = _manifest(body.data)
        _check_name(asked, manifest)
        manifest.pop("status" if resource.has_status and not asked.subresource else "", None)
        writer = Writer(options.manager, "Apply", asked.subresource)
        wanted = managed.leaves(manifest)
        _check_known(asked, resource, manifest)
        before = self._store.find(resource, asked.scope, asked.name)
        if before is None:
            obj = {**manifest, "metadata": {"name": asked.name, **manifest.get("metadata", {})}}
            return self._create(asked, resource, obj, writer, options)
        if not options.is_forced:
            _check_conflicts(before, wanted, writer)
        dropped = managed.owned_by(before, writer) - wanted.keys()

        def change(obj: Json) -> Json:
            for path in dropped:
                if managed.owners(before, path) == [writer]:
                    _drop(obj, path)
            for path, value in wanted.items():
                _put(obj, path, value)
            return obj

        return self._change(asked, resource, change, options, writer, set(wanted))

    def _end_namespace(self, obj: Json, options: Options) -> Json:
        name = obj["metadata"]["name"]
        if "deletionTimestamp" in obj["metadata"]:
            return obj
        return namespaces.terminate(self._store, name, dry_run=options.is_dry_run)


def _judged(resource: Resource, obj: Json, subresource: str = "") -> tuple[str, ...]:
    """Drop unknown fields and return a warning for each.

    Raises:
        StatusError: The rest breaks the kind's rules (422).
    """
    unknown = schema.pruned(resource, obj)
    found = schema.causes(resource, obj, subresource)
    metadata = obj["metadata"]
    name = metadata.get("name", "")
    if not name and not metadata.get("generateName"):
        words = "Required value: name or generateName is required"
        missing = Cause("FieldValueRequired", words, "metadata.name")
        found = [missing, *(found or ([schema.UNCHECKED] if resource.is_custom else []))]
    elif resource == NAMESPACES and "." in name:
        words = f'Invalid value: "{name}": must not contain dots'
        found = [Cause("FieldValueInvalid", words, "metadata.name")]
    elif resource == EVENTS and _place_of(obj) != metadata["namespace"]:
        words = f'Invalid value: "{_place_of(obj)}": does not match event.namespace'
        found = [Cause("FieldValueInvalid", words, "involvedObject.namespace")]
    elif name and not _NAME.fullmatch(name) and resource.group != RBAC:
        words = f'Invalid value: "{name}": {_NAME_RULE}'
        found = [Cause("FieldValueInvalid", words, "metadata.name"), *found]
    if found:
        raise invalid(resource.group, resource.kind, name, found)
    return tuple(f'unknown field "{path}"' for path in unknown)


def _place_of(event: Json) -> str:
    """Return the namespace that an Event must stand in; what has none is told of in `default`."""
    return str((event.get("involvedObject") or {}).get("namespace") or "default")


def _decoded(body: Body, resource: Resource) -> Json:
    if body.type not in ("", *_BODY_TYPES[:2]):
        raise unsupported(_BODY_TYPES)
    words = f"the object provided is unrecognized (must be of type {resource.kind})"
    try:
        obj = _manifest(body.data) if body.type == _BODY_TYPES[1] else json.loads(body.data)
    except ValueError as error:
        text = body.data.decode(errors="replace")
        reason = patching.go_words(body.data, error)
        raise bad_request(
            f"{words}: couldn't get version/kind; json parse error: {reason} ({text[:100]})"
        ) from None
    if not isinstance(obj, dict):
        raise bad_request(f"{words}: couldn't get version/kind")
    if resource.is_custom and not obj.get("kind"):
        text = body.data.decode(errors="replace")[:100]
        raise bad_request(f"{words}: Object 'Kind' is missing in '{text}'")
    return obj


def _manifest(data: bytes) -> Json:
    """Return a manifest, which is YAML where it is not JSON."""
    try:
        found = json.loads(data)
    except ValueError:
        import yaml  # noqa: PLC0415 - few bodies are YAML, and it costs every start

        try:
            found = yaml.safe_load(data)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from None
    if not isinstance(found, dict):
        raise bad_request("error decoding YAML: it is no object")
    return found


def _check_kind(resource: Resource, obj: Json) -> None:
    kind = obj.get("kind", resource.kind)
    if kind == resource.kind:
        return
    if not resource.is_custom:
        version = obj.get("apiVersion", resource.api_version)
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: converting'
            f" ({version}.{kind}) to (core.{resource.kind}): unknown conversion"
        )
    cause = Cause("FieldValueInvalid", f'Invalid value: "{kind}": must be {resource.kind}', "kind")
    raise invalid(resource.group, kind, obj["metadata"].get("name", ""), [cause])


def _check_name(asked: Asked, obj: Json) -> None:
    name = obj.get("metadata", {}).get("name", asked.name)
    if name != asked.name:
        raise bad_request(
            f"the name of the object ({name}) does not match the name on the URL ({asked.name})"
        )


def _check_version(resource: Resource, before: Json, after: Json) -> None:
    version = after["metadata"].get("resourceVersion", "")
    if version and version != before["metadata"]["resourceVersion"]:
        raise conflict(resource, before["metadata"]["name"])


def _check_identity(asked: Asked, resource: Resource, before: Json, after: Json) -> None:
    uid = after["metadata"].get("uid", before["metadata"]["uid"])
    # A write to a subresource keeps the metadata, whatever the body says.
    if asked.subresource or uid == before["metadata"]["uid"]:
        return
    words = f'Invalid value: "{uid}": field is immutable'
    causes = [Cause("FieldValueInvalid", words, "metadata.uid")] * 2
    raise invalid(resource.group, resource.kind, asked.name, causes)


def _check_preconditions(resource: Resource, obj: Json, body: Body) -> None:
    wanted = (json.loads(body.data) if body.data else {}).get("preconditions") or {}
    uid, name = obj["metadata"]["uid"], obj["metadata"]["name"]
    if wanted.get("uid", uid) != uid:
        raise StatusError(
            409,
            "Conflict",
            f'Operation cannot be fulfilled on {resource.kind} "{name}": the UID in the'
            f" precondition ({wanted['uid']}) does not match the UID in record ({uid}). The object"
            " might have been deleted and then recreated",
            given(name=name, group=resource.group, kind=resource.kind),
        )


def _deleted(resource: Resource, obj: Json) -> Json:
    """Return what the server says: pods and services come whole, others as a mere success."""
    if resource.plural in ("pods", "services"):
        return obj
    details = given(
        name=obj["metadata"]["name"],
        group=resource.group,
        kind=resource.plural,
        uid=obj["metadata"]["uid"],
    )
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }


def _check_known(asked: Asked, resource: Resource, manifest: Json) -> None:
    """Refuse to apply fields that nobody knows; a patch only warns of them."""
    unknown = schema.pruned(resource, copied(manifest))
    if not unknown:
        return
    lines = [f".{path}: field not declared in schema" for path in unknown]
    joined = lines[0] if len(lines) == 1 else "errors:\n  " + "\n  ".join(lines)
    metadata = manifest.get("metadata", {})
    place = f"{metadata.get('namespace', '')}/{asked.name}"
    place = f"{place}; {resource.api_version}, Kind={resource.kind}"
    raise internal(f"failed to create typed patch object ({place}): {joined}")


def _check_conflicts(before: Json, wanted: Mapping[managed.Path, Any], writer: Writer) -> None:
    current = managed.leaves(before)
    found: dict[str, list[str]] = {}
    for path, value in sorted(wanted.items()):
        if path not in current or current[path] == value:
            continue
        for owner in managed.owners(before, path):
            if owner != writer:
                using = "" if owner.operation == "Apply" else f" using {before['apiVersion']}"
                words = f'with "{owner.manager}"{using}'
                found.setdefault(words, []).append("." + ".".join(path))
    if not found:
        return
    count = sum(map(len, found.values()))
    if count == 1:
        ((words, (only,)),) = found.items()
        message = f"Apply failed with 1 conflict: conflict {words}: {only}"
    else:
        groups = [f"conflicts {words}:\n- " + "\n- ".join(all_) for words, all_ in found.items()]
        message = f"Apply failed with {count} conflicts: " + "\n".join(groups)
    causes = [
        Cause("FieldManagerConflict", f"conflict {words}", path).json()
        for words, paths in found.items()
        for path in paths
    ]
    raise StatusError(409, "Conflict", message, {"causes": causes})


def _drop_empty(metadata: Json) -> None:
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if field in metadata and not metadata[field]:
            del metadata[field]


def _put(obj: Json, path: managed.Path, value: Any) -> None:
    *way, last = path
    for step in way:
        if not isinstance(obj.get(step), dict):
            obj[step] = {}
        obj = obj[step]
    obj[last] = copied(value)


def _drop(obj: Json, path: managed.Path) -> None:
    *way, last = path
    for step in way:
        obj = obj.get(step) or {}
    obj.pop(last, None)

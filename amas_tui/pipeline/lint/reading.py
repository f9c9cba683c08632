"""From bytes to documents: whatever is given, the answer is documents or named faults with lines.

PyYAML composes nodes with their lines; aliases are counted while they are followed, so that a few
lines of YAML cannot become a billion values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from amas_tui.pipeline.lint.document import Document, Path, mapping
from amas_tui.pipeline.lint.finding import Finding, Severity
from amas_tui.safe import safe

MAX_BYTES: Final = 4 << 20
"""Of one file: ten times what an API server takes as one object (etcd's limit is 1.5 MiB)."""
MAX_VALUES: Final = 200_000
"""Of one document, aliases followed."""
MAX_DEPTH: Final = 64


class _TooMuchError(Exception):
    """The document is more than a manifest can be."""

    def __init__(self, line: int, what: str) -> None:
        self.line = line
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one file."""

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()


def read(file: str, raw: bytes) -> Read:
    """Return the documents of a file, and what keeps others from being read."""
    problem = _unreadable(file, raw)
    if problem is not None:
        return Read(findings=(problem,))
    text = raw.decode("utf-8-sig")
    if file.endswith((".sh", ".bash")) or text.startswith("#!"):
        return Read()
    if file.endswith((".md", ".markdown")):
        return _joined(_read_yaml(file, block, line) for line, block in fenced(text))
    return _read_yaml(file, text, 0)


def _joined(reads: Iterator[Read]) -> Read:
    found = list(reads)
    return Read(
        tuple(document for one in found for document in one.documents),
        tuple(finding for one in found for finding in one.findings),
    )


_FENCE = re.compile(r"^ {0,3}```ya?ml[^\n]*\n(.*?)^ {0,3}```", re.MULTILINE | re.DOTALL)


def fenced(text: str) -> Iterator[tuple[int, str]]:
    """Yield each YAML block of a Markdown text with the number of lines above it."""
    for match in _FENCE.finditer(text):
        yield text.count("\n", 0, match.start(1)), match[1]


def problem_at(file: str, line: int, rule: str, what: str, fix: str) -> Finding:
    """Return the finding that something cannot be read at all."""
    return Finding(
        file,
        line,
        rule,
        Severity.ERROR,
        "",
        safe(what),
        "nothing of it is applied",
        fix,
        "YAML 1.2",
    )


def _unreadable(file: str, raw: bytes) -> Finding | None:
    if len(raw) > MAX_BYTES:
        line = raw.count(b"\n", 0, MAX_BYTES) + 1
        what = f"the file is larger than manifests are ({MAX_BYTES >> 20} MiB end here)"
        return problem_at(file, line, "too-large", what, "Lint the manifests alone")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return problem_at(file, 1, "encoding", "the file is UTF-16", "Save it as UTF-8")
    if (position := raw.find(b"\0")) >= 0:
        line = raw.count(b"\n", 0, position) + 1
        return problem_at(file, line, "binary", "the file is binary", "Lint a YAML file")
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return problem_at(file, line, "encoding", "the file is not UTF-8", "Save it as UTF-8")
    return None


_HELM = re.compile(
    r"\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities|Files|Template)\b"
    r"|(?:if|else|end|range|with|include|define|template|toYaml|tpl|default)\b|/\*|\$\w*\s*:?=)"
)


def _read_yaml(file: str, text: str, above: int) -> Read:
    if match := _HELM.search(text):
        line = text.count("\n", 0, match.start()) + 1 + above
        what = f"a Helm template was left in: {match[0]}"
        fix = "Render it first: helm template CHART | amas-tui lint -"
        return Read(findings=(problem_at(file, line, "helm", what, fix),))
    documents: list[Document] = []
    findings: list[Finding] = []
    try:
        for node in _nodes(text):
            documents += _documents(file, node, above, findings)
    except yaml.YAMLError as error:
        findings.append(_yaml_problem(file, error, text, above))
    except _TooMuchError as error:
        what = f"the document is {error}"
        findings.append(
            problem_at(file, error.line + above, "bomb", what, "Write it without such aliases")
        )
    except RecursionError:
        findings.append(
            problem_at(file, 1 + above, "bomb", "the document is nested too deeply", "Flatten it")
        )
    return Read(tuple(documents), tuple(findings))


_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _nodes(text: str) -> Iterator[yaml.Node]:
    # Deep nesting would be found by recursion in C, too late: look for it in the text.
    _check_depth(text)
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield node
    finally:
        loader.dispose()


_OPENING: Final = re.compile(r"[\[{]")


def _check_depth(text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        opened = len(_OPENING.findall(line))
        if opened > MAX_DEPTH * 8 or (len(line) - len(line.lstrip(" -"))) > MAX_DEPTH * 8:
            raise _TooMuchError(number, "nested too deeply")


def _yaml_problem(file: str, error: yaml.YAMLError, text: str, above: int) -> Finding:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    number = mark.line if mark else 0
    problem = safe(str(getattr(error, "problem", None) or "it cannot be read"))
    lines = text.splitlines()
    written = lines[number] if number < len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        what = "a tab stands where YAML wants blanks"
        return problem_at(file, number + 1 + above, "tabs", what, "Indent with blanks")
    what = f"it is not YAML: {problem}"
    return problem_at(file, number + 1 + above, "yaml", what, "Correct the line")


def _documents(
    file: str, node: yaml.Node, above: int, findings: list[Finding]
) -> Iterator[Document]:
    """Yield the objects of one YAML document; a List holds several."""
    content, lines = _plain(node, above, file, findings)
    if content is None:
        return
    content, lines = _whole(content, lines)
    if mapping(content).get("kind") == "List" and isinstance(content.get("items"), list):
        for index, item in enumerate(content["items"]):
            yield Document(file, mapping(item), _below(lines, ("items", index)))
        return
    if is_workflow(content):
        return
    if not isinstance(content, dict):
        what = "this is not a Kubernetes object"
        findings.append(problem_at(file, lines[()], "no-object", what, "Give apiVersion and kind"))
        return
    yield Document(file, content, lines)


def _below(lines: dict[Path, int], base: Path) -> dict[Path, int]:
    return {path[len(base) :]: line for path, line in lines.items() if path[: len(base)] == base}


def is_workflow(content: Any) -> bool:
    """Return whether this is a pipeline of GitHub or GitLab, or a part of one."""
    if isinstance(content, list):
        return any(
            isinstance(one, dict) and {"run", "uses", "script"} & one.keys() for one in content
        )
    keys = set(content) if isinstance(content, dict) else set()
    if "kind" in keys or "spec" in keys:
        return False
    has_script = any("script" in mapping(value) for value in mapping(content).values())
    return "jobs" in keys or "stages" in keys or has_script


_STEPS: Final[Path] = ("spec", "strategy", "canary")


def _whole(content: Any, lines: dict[Path, int]) -> tuple[Any, dict[Path, int]]:
    """Return a part of a Rollout, as guides print it, inside the object it belongs to."""
    if not isinstance(content, dict) or "kind" in content or "apiVersion" in content:
        return content, lines
    if "steps" in content and isinstance(content["steps"], list) and "strategy" not in content:
        placed: dict[Path, int] = {(*_STEPS, *path): line for path, line in lines.items()}
        placed[()] = lines[()]
        part = {"kind": "Rollout", "spec": {"strategy": {"canary": content}}, PART: True}
        return part, placed
    if "strategy" in mapping(content.get("spec")):
        return {"kind": "Rollout", **content, PART: True}, lines
    return content, lines


PART: Final = "\0part"
"""Marks a Rollout of which only a part was given: what is missing is not judged."""


def _plain(
    node: yaml.Node, above: int, file: str, findings: list[Finding]
) -> tuple[Any, dict[Path, int]]:
    """Return the value of a node and the line of each of its parts."""
    reader = _Reader(above, file, findings)
    return reader.value(node, ()), reader.lines


class _Reader:
    def __init__(self, above: int, file: str, findings: list[Finding]) -> None:
        self.lines: dict[Path, int] = {}
        self._above, self._file, self._findings = above, file, findings
        self._count = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooMuchError(line, f"more than {MAX_VALUES} values, by aliases of aliases")
        if len(path) > MAX_DEPTH:
            raise _TooMuchError(line, "nested too deeply, or an alias holds itself")
        self.lines.setdefault(path, line + self._above)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, index)) for index, one in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            line = key_node.start_mark.line + 1 + self._above
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged = (
                    value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                )
                for one in merged:
                    if isinstance(one, yaml.MappingNode):
                        found = {**self._mapping(one, path), **found}
                continue
            if key in found and (*path, key) in self.lines:
                self._twice(key, line)
            self.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key))
        return found

    def _twice(self, key: str, line: int) -> None:
        what = f"{key} is given twice in one mapping"
        finding = problem_at(self._file, line, "twice", what, "Keep one of them")
        self._findings.append(
            Finding(
                finding.file,
                line,
                "twice",
                Severity.ERROR,
                key,
                what,
                "kubectl refuses it, or the last one wins without a word",
                "Keep one of them",
                finding.source,
            )
        )


_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _scalar(node: yaml.Node) -> Any:
    """Return a scalar as the API server would read it: a date stays text."""
    kind = node.tag.rpartition(":")[2]
    word = str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return _WORDS.get(word.lower(), word)
    try:
        if kind == "int":
            return int(word.replace("_", ""), 0) if word.lstrip("+-")[:1] != "0" else int(word, 0)
        if kind == "float":
            return float(word.replace("_", ""))
    except ValueError:
        return word
    return word

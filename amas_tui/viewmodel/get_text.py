"""`get` and `list` as text, laid out as `kubectl argo rollouts` does.

Source: pkg/kubectl-argo-rollouts/cmd/get/get_rollout.go, cmd/list/rollloutinfo.go.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.phase import rollout_verdict
from amas_tui.rules.weight import set_weight
from amas_tui.viewmodel.rollout_view import ExperimentView, ImageView, RolloutView
from amas_tui.viewmodel.text import plain, width
from amas_tui.viewmodel.tree import Node, experiment_nodes, nodes

_ICON: Final = {"Progressing": "◌", "Paused": "॥", "Healthy": "✔", "Degraded": "✖"}


def get_text(view: RolloutView, now: datetime) -> str:
    """Return the plugin's `get rollout` without its colours."""
    lines = [
        _field("Name:", view.name),
        _field("Namespace:", view.namespace),
        _field("Status:", f"{_ICON.get(view.phase, ' ')} {view.phase}"),
    ]
    if view.message:
        lines.append(_field("Message:", view.message))
    lines.append(_field("Strategy:", view.strategy))
    if view.strategy == "Canary":
        step = f"{view.step[0]}/{view.step[1]}" if view.step else ""
        lines += [
            _field("  Step:", step),
            _field("  SetWeight:", str(view.set_weight)),
            _field("  ActualWeight:", str(view.actual_weight)),
        ]
    for index, image in enumerate(view.images):
        tags = f" ({', '.join(image.tags)})" if image.tags else ""
        lines.append(_field("Images:" if index == 0 else "", image.image + tags))
    replicas = view.replicas
    lines += [
        "Replicas:",
        _field("  Desired:", str(replicas.desired)),
        _field("  Current:", str(replicas.current)),
        _field("  Updated:", str(replicas.updated)),
        _field("  Ready:", str(replicas.ready)),
        _field("  Available:", str(replicas.available)),
        "",
    ]
    return "\n".join([*lines, *_tree(nodes(view, now))]) + "\n"


def _tree(listed: Iterable[Node]) -> list[str]:
    rows = [("NAME", "KIND", "STATUS", "AGE", "INFO")]
    rows += [
        (
            f"{node.prefix}{node.icon} {node.name}",
            node.kind,
            node.status_text,
            node.age,
            plain(node.detail),
        )
        for node in listed
    ]
    return table(rows)


def experiment_text(
    view: ExperimentView, namespace: str, images: Sequence[ImageView], now: datetime
) -> str:
    """Return the plugin's `get experiment` without its colours."""
    tree = experiment_nodes(view, now)
    lines = [
        _field("Name:", view.name),
        _field("Namespace:", namespace),
        _field("Status:", tree[0].status_text),
    ]
    if view.message:
        lines.append(_field("Message:", view.message))
    for index, image in enumerate(images):
        tags = f" ({', '.join(image.tags)})" if image.tags else ""
        lines.append(_field("Images:" if index == 0 else "", image.image + tags))
    return "\n".join([*lines, "", *_tree(tree)]) + "\n"


def _field(label: str, value: str) -> str:
    return f"{label:<17}{value}".rstrip()


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows in columns two blanks apart, the last one ragged, as Go's tabwriter does."""
    listed = [list(row) for row in rows]
    if not listed:
        return []
    widths = [max(width(row[i]) for row in listed) for i in range(len(listed[0]) - 1)]
    lines = []
    for row in listed:
        cells = [
            cell + " " * (size - width(cell) + 2) for cell, size in zip(row, widths, strict=False)
        ]
        lines.append("".join([*cells, row[-1]]).rstrip())
    return lines


def list_text(
    rollouts: Sequence[Rollout],
    *,
    with_namespace: bool,
    headers: bool = True,
    is_wide: bool = False,
) -> str:
    """Return the plugin's `list rollouts`, where wanted with namespace, images and message."""
    head: tuple[str, ...] = (
        "NAME",
        "STRATEGY",
        "STATUS",
        "STEP",
        "SET-WEIGHT",
        "READY",
        "DESIRED",
        "UP-TO-DATE",
        "AVAILABLE",
    )
    rows = [list_row(rollout) for rollout in rollouts]
    if is_wide:
        head = (*head, "IMAGES", "MESSAGE")
        rows = [(*row, *_wide(rollout)) for rollout, row in zip(rollouts, rows, strict=True)]
    named = [("NAMESPACE", *head)] if with_namespace else [head]
    if with_namespace:
        rows = [(rollout.key.namespace, *row) for rollout, row in zip(rollouts, rows, strict=True)]
    return "\n".join(table([*(named if headers else []), *rows])) + "\n"


def _wide(rollout: Rollout) -> tuple[str, str]:
    images = ",".join(one.image for one in rollout.spec.template.spec.containers)
    return images or "-", rollout_verdict(rollout).message or "-"


def list_row(rollout: Rollout) -> tuple[str, ...]:
    """Return one rollout as the plugin lists it."""
    canary = rollout.canary is not None
    index = rollout.status.current_step_index
    has_step = canary and index is not None and rollout.steps
    return (
        rollout.key.name,
        "Canary" if canary else "BlueGreen" if rollout.blue_green else "unknown",
        rollout_verdict(rollout).phase.value,
        f"{index}/{len(rollout.steps)}" if has_step else "-",
        str(set_weight(rollout)) if canary else "-",
        f"{rollout.status.ready_replicas}/{rollout.status.replicas}",
        str(rollout.desired),
        str(rollout.status.updated_replicas),
        str(rollout.status.available_replicas),
    )

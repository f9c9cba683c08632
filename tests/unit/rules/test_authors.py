"""Who made which version, from the versions that were seen."""

from amas_tui.domain.rollout import Rollout
from amas_tui.rules.authors import MAX_AUTHORS, Author, authors_after, spec_writer
from tests.builders import NEW, OLD, ago, raw_rollout, read, stamp


def written(
    manager: str, pod_hash: str, generation: int, *, observed: int | None = None
) -> Rollout:
    raw = raw_rollout(
        new=pod_hash, generation=generation, observed=generation if observed is None else observed
    )
    raw["metadata"]["managedFields"] = [
        {"manager": "rollouts-controller", "operation": "Update", "time": stamp(ago(minutes=1))},
        {"manager": manager, "operation": "Update", "time": stamp(ago(minutes=2))},
        {
            "manager": "amas-tui",
            "operation": "Update",
            "subresource": "status",
            "time": stamp(ago(minutes=0)),
        },
    ]
    return read(Rollout, raw)


def test_neither_the_controller_nor_who_wrote_the_status_wrote_the_spec() -> None:
    writer = spec_writer(written("kubectl-edit", NEW, 3))
    assert writer is not None
    assert writer.manager == "kubectl-edit"


def test_each_version_is_noted_once_with_its_author() -> None:
    seen: tuple[Author, ...] = ()
    for one in (
        written("argocd-controller", NEW, 2),
        written("argocd-controller", NEW, 2),
        written("kubectl-edit", OLD, 3, observed=2),
        written("kubectl-edit", OLD, 3),
        written("argocd-controller", NEW, 4),
    ):
        seen = authors_after(seen, one)
    assert [(one.manager, one.pod_hash, one.generation) for one in seen] == [
        ("argocd-controller", NEW, 2),
        ("kubectl-edit", OLD, 3),
        ("argocd-controller", NEW, 4),
    ]


def test_a_scaling_is_no_new_version() -> None:
    seen = authors_after((), written("kubectl-edit", NEW, 2))
    assert authors_after(seen, written("kubectl-scale", NEW, 3)) == seen


def test_only_so_many_are_remembered() -> None:
    seen: tuple[Author, ...] = ()
    for generation in range(2, 2 + 3 * MAX_AUTHORS):
        pod_hash = (NEW, OLD)[generation % 2]
        seen = authors_after(seen, written("kubectl-edit", pod_hash, generation))
    assert len(seen) == MAX_AUTHORS

"""Which analyses a rollout names, and the templates behind them."""

from collections.abc import Iterator

from amas_tui.domain.analysis import AnalysisTemplate
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout, RolloutAnalysis
from amas_tui.rules.gates import gates
from amas_tui.store.scene import Scene


def analyses(rollout: Rollout) -> Iterator[RolloutAnalysis]:
    """Yield every analysis that the rollout's strategy names, steps first."""
    return (gate.analysis for gate in gates(rollout))


def templates(scene: Scene, analysis: RolloutAnalysis) -> Iterator[AnalysisTemplate]:
    """Yield the templates that an analysis names and those that they include, where known."""
    seen: set[tuple[str, bool]] = set()
    open_: list[tuple[str, bool]] = [
        (ref.template_name, ref.cluster_scope) for ref in analysis.templates
    ]
    while open_:
        reference = open_.pop(0)
        if reference in seen:
            continue
        seen.add(reference)
        template = find_template(scene, *reference)
        if template is not None:
            yield template
            open_ += [(ref.template_name, ref.cluster_scope) for ref in template.spec.templates]


def find_template(scene: Scene, name: str, is_cluster: bool) -> AnalysisTemplate | None:  # noqa: FBT001
    """Return the template of that name, `None` where it is not known."""
    if is_cluster:
        known = scene.snapshot.cluster_analysis_templates.values()
        return next((one for one in known if one.metadata.name == name), None)
    key = Key(scene.rollout.key.namespace, name)
    known = scene.snapshot.analysis_templates.values()
    return next((one for one in known if one.metadata.key == key), None)

"""The part of the app that shows what the cluster holds: YAML, and what revisions changed."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import work

from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, NotFoundError, UsageError
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.ui.acting_app import ActingApp
from amas_tui.ui.messages import ReadingWanted
from amas_tui.viewmodel.text import Line

if TYPE_CHECKING:
    from amas_tui.ports import Cluster

_Page = tuple[str, tuple[Line, ...]]


class ReadingApp(ActingApp):
    """Reads an object when it is asked for, so that what is shown is what is there now."""

    @abstractmethod
    def scene_of(self, uid: str) -> Scene | None:
        """Return a rollout with what belongs to it as it is known now."""

    def on_reading_wanted(self, message: ReadingWanted) -> None:
        """Show the YAML of a rollout, or what changed between two of its revisions."""
        here, cluster = self.scene_of(message.uid), self.cluster_of(message.uid)
        if here is None or cluster is None:
            self.notify("The rollout is gone, or out of reach.", severity="warning", markup=False)
            return
        if message.command == "yaml":
            self._read(lambda: _manifest(cluster, here))
        else:
            self._read(lambda: _comparison(cluster, here, message.argument))

    @work(exclusive=True, group="reading")
    async def _read(self, page: Callable[[], Awaitable[_Page]]) -> None:
        from amas_tui.ui.screens.dialog import LinesScreen  # noqa: PLC0415 - after first paint

        try:
            title, lines = await page()
        except AmasError as error:
            self.notify(error.sentence, severity="error", markup=False)
        else:
            self.push_screen(LinesScreen(title, lines))


async def _manifest(cluster: "Cluster", here: Scene) -> _Page:
    from amas_tui.viewmodel.manifest_lines import manifest_lines  # noqa: PLC0415

    key = here.rollout.key
    raw = await cluster.read(Kind.ROLLOUTS, key)
    return f"YAML: {key.name} in {key.namespace}", manifest_lines(raw)


async def _comparison(cluster: "Cluster", here: Scene, argument: str) -> _Page:
    from amas_tui.actions.patches import undo_template  # noqa: PLC0415 - after the first paint
    from amas_tui.viewmodel.preview_lines import diff_lines  # noqa: PLC0415

    first, second = pair(here, argument)
    templates = []
    for revision in (first, second):
        found = next((rs for rs in here.replica_sets if rs.revision == revision), None)
        if found is None:
            held = ", ".join(str(rs.revision) for rs in here.replica_sets) or "none"
            raise NotFoundError(
                f"there is no revision {revision}", status=404, hint=f"The cluster holds {held}"
            )
        key = Key(here.rollout.key.namespace, found.metadata.name)
        templates.append(undo_template(await cluster.read(Kind.REPLICA_SETS, key)))
    return f"Compare: revision {first} → {second}", diff_lines(*templates)


def pair(here: Scene, argument: str) -> tuple[int, int]:
    """Return the two revisions to compare: those named, `3..4`, else what the newest changed.

    That is against the stable version during an update, and against the one before it otherwise.

    Raises:
        UsageError: The text names no two revisions, or the rollout has but one.
    """
    if argument.strip():
        first, dots, second = argument.strip().partition("..")
        if not dots or not first.isdecimal() or not second.isdecimal():
            raise UsageError(f"{argument} does not name two revisions", hint="Write e.g. 3..4")
        return int(first), int(second)
    held = sorted({rs.revision for rs in here.replica_sets if rs.revision is not None})
    newest = here.current.revision if here.current else (held[-1] if held else None)
    stable = here.stable.revision if here.stable else None
    if newest is not None and stable is not None and stable != newest:
        return stable, newest
    older = [revision for revision in held if newest is not None and revision < newest]
    if newest is None or not older:
        raise UsageError("there is no other revision to compare with")
    return older[-1], newest

"""Restarting: one pod after the other is taken away, and comes back.

Source: rollout/restart.go.
"""

from typing import Final

from amas_tui.demo.controller import pods, replicas, spec
from amas_tui.demo.controller.objects import created_at, moment, name_of
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.resources import PODS
from amas_tui.demo.store import Json

_CHECK_SECONDS: Final = 30.0


def restart(sync: Sync) -> int:
    """Take away pods older than the wish; return how many. None is left: note that it is done."""
    wish = sync.rollout["spec"].get("restartAt")
    if not wish or not _is_due(sync, wish):
        return 0
    found = _pods(sync)
    total = sum(map(replicas.wanted, sync.all_sets))
    at_once = max(spec.max_unavailable(sync.rollout), 1)
    least = max(spec.replicas(sync.rollout), total) - at_once
    may = sum(map(pods.is_available, found)) - least
    old = [pod for pod in found if moment(created_at(pod)) < moment(wish)]
    evicted = 0
    for pod in old:
        if evicted < may and "deletionTimestamp" not in pod["metadata"]:
            pods.end(sync.store, pod)
            evicted += 1
    if len(old) == evicted:
        sync.status["restartedAt"] = wish
    else:
        sync.wait(_CHECK_SECONDS)
    return evicted


def _is_due(sync: Sync, wish: str) -> bool:
    done = sync.before.get("restartedAt")
    if done and moment(done) == moment(wish):
        return False
    left = (moment(wish) - sync.store.clock.now).total_seconds()
    if left >= 0:
        sync.wait(left)
    return left < 0


def _pods(sync: Sync) -> list[Json]:
    """Return the pods, those of the stable version first, then the newest, then by age."""
    rank = {sync.stable_name: 0, sync.new_name: 1}
    sets = sorted(sync.all_sets, key=lambda each: (rank.get(name_of(each), 2), created_at(each)))
    return [pod for replica_set in sets for pod in sync.store.owned(PODS, replica_set)]

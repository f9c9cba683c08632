from datetime import timedelta

from amas_tui.demo.ports import LogLine, Logs
from amas_tui.demo.resources import PODS
from amas_tui.demo.store import Json, Store
from amas_tui.demo.traffic.flows import Traffic
from amas_tui.demo.traffic.logs import LINES_KEPT, PodLogs
from tests.unit.demo import cluster


def _logs(store: Store) -> Logs:
    traffic = Traffic(store)
    logs = PodLogs(traffic, store.clock)
    traffic.start()
    return logs


def _texts(logs: Logs, pod: Json, *, previous: bool = False) -> list[str]:
    return [line.text for line in logs.lines(pod, "web", previous=previous)]


def test_a_bad_version_writes_its_errors_among_the_others() -> None:
    store = cluster.store()
    cluster.canary(store, weight=50, tag="v2-bad")
    logs = _logs(store)

    cluster.advance(store, 30)

    new = store.get(PODS, cluster.NAMESPACE, "web-new-0")
    old = store.get(PODS, cluster.NAMESPACE, "web-old-0")
    assert _texts(logs, new)[:2] == [
        "INFO starting web v2-bad, restart 0",
        "INFO listening on 0.0.0.0:8000",
    ]
    assert any(text.startswith("ERROR ") and " 500 " in text for text in _texts(logs, new))
    assert any(text.startswith("INFO ") and " 200 " in text for text in _texts(logs, new))
    assert not any(text.startswith("ERROR ") for text in _texts(logs, old))


def test_lines_come_as_they_are_written_until_nobody_listens() -> None:
    store = cluster.store()
    cluster.canary(store, weight=50)
    logs, heard = _logs(store), list[LogLine]()
    pod = store.get(PODS, cluster.NAMESPACE, "web-new-0")

    stop = logs.listen(pod, "web", heard.append)
    cluster.advance(store, 3)
    assert [line.at for line in heard] == sorted(line.at for line in heard)
    assert {line.at - cluster.START for line in heard} == {
        timedelta(seconds=second) for second in (1, 2, 3)
    }

    count = len(heard)
    stop()
    cluster.advance(store, 3)
    assert len(heard) == count


def test_only_the_newest_lines_are_kept_and_none_of_a_pod_that_is_gone() -> None:
    store = cluster.store()
    cluster.canary(store, weight=50)
    logs = _logs(store)
    pod = store.get(PODS, cluster.NAMESPACE, "web-new-0")
    cluster.advance(store, 600)
    assert len(_texts(logs, pod)) == LINES_KEPT + 2

    store.delete(PODS, cluster.NAMESPACE, "web-new-0")
    cluster.advance(store, 1)

    assert len(_texts(logs, pod)) == 2


def test_a_container_that_crashed_says_why_in_its_last_words() -> None:
    store = cluster.store()
    pod = cluster.pod(store, "web-0", "only", tag="v3-crash", is_ready=False)

    def crash(obj: Json) -> None:
        ended = {"startedAt": "2026-03-01T11:59:00Z", "exitCode": 1}
        obj["status"]["containerStatuses"] = [
            {
                "name": "web",
                "restartCount": 2,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": ended},
            }
        ]

    pod = store.update(PODS, cluster.NAMESPACE, "web-0", crash, subresource="status")
    logs = _logs(store)

    for previous in (False, True):
        texts = _texts(logs, pod, previous=previous)
        assert texts[0] == "INFO starting web v3-crash, restart 2"
        assert texts[-1].startswith("ConnectionError: cannot reach redis://")
        assert "INFO listening on 0.0.0.0:8000" not in texts

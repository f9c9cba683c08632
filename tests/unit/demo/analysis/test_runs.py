"""What the lives of `tests/contract/runs.py` have no time for, or no plane."""

from amas_tui.demo.analysis.measurement import Provider
from amas_tui.demo.analysis.runs import AnalysisController
from amas_tui.demo.prometheus.service import Prometheus
from amas_tui.demo.resources import ANALYSIS_RUNS
from amas_tui.demo.store import Json, Store
from tests.unit.demo import cluster

ADDRESS = "http://prometheus.monitoring:9090"
NAME = "run"


def _begin(**metric: object) -> tuple[Store, Prometheus, AnalysisController]:
    store = cluster.store()
    prometheus = Prometheus(store.clock, [])
    controller = AnalysisController(store, Provider(prometheus, ADDRESS).measure)
    asked = {"address": ADDRESS, "query": "vector(1)"}
    whole = {"name": "m", "provider": {"prometheus": asked}, **metric}
    metadata = {"name": NAME, "namespace": cluster.NAMESPACE}
    store.create(ANALYSIS_RUNS, {"metadata": metadata, "spec": {"metrics": [whole]}})
    return store, prometheus, controller


def _status(store: Store) -> Json:
    found: Json = store.get(ANALYSIS_RUNS, cluster.NAMESPACE, NAME)["status"]
    return found


def _result(store: Store) -> Json:
    (found,) = _status(store)["metricResults"]
    return dict(found)


def test_a_prometheus_that_is_away_ends_a_run_after_forty_seconds() -> None:
    store, prometheus, _ = _begin(interval="1s", count=100)
    cluster.advance(store, 5)
    measured = _result(store)["successful"]

    prometheus.go_away()
    cluster.advance(store, 39)
    assert _status(store)["phase"] == "Running"
    cluster.advance(store, 8)

    status = _status(store)
    assert status["phase"] == "Error"
    problem = (
        f'Post "{ADDRESS}/api/v1/query": dial tcp prometheus.monitoring:9090: connect:'
        " connection refused"
    )
    assert status["message"] == (
        'Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4):'
        f' "Error Message: {problem}"'
    )
    assert (_result(store)["successful"], _result(store)["error"]) == (measured, 5)


def test_a_prometheus_that_comes_back_in_time_costs_nothing() -> None:
    store, prometheus, _ = _begin(interval="1s", count=5)
    cluster.advance(store, 2.5)

    prometheus.go_away(25)
    cluster.advance(store, 60)

    result = _result(store)
    assert _status(store)["phase"] == "Successful"
    assert (result["count"], result["successful"]) == (5, 5)
    assert result["error"] > 0
    assert "consecutiveError" not in result


def test_an_address_that_nobody_has_is_looked_up_in_vain() -> None:
    asked = {"address": "http://nowhere:9090", "query": "vector(1)"}
    store, *_ = _begin(provider={"prometheus": asked}, consecutiveErrorLimit=0)

    cluster.advance(store, 1)

    assert _result(store)["measurements"][0]["message"] == (
        'Post "http://nowhere:9090/api/v1/query": dial tcp: lookup nowhere on 10.96.0.10:53:'
        " no such host"
    )


def test_measurements_follow_each_other_at_the_interval() -> None:
    store, *_ = _begin(interval="7s", count=4)

    cluster.advance(store, 60)

    seconds = [each["startedAt"][-3:-1] for each in _result(store)["measurements"]]
    assert seconds == ["00", "07", "14", "21"]


def test_a_controller_that_hangs_measures_nothing_and_goes_on_afterwards() -> None:
    store, _, controller = _begin(interval="1s", count=30)
    cluster.advance(store, 5)

    controller.stop()
    before = _status(store)
    cluster.advance(store, 20)
    assert _status(store) == before

    controller.resume()
    cluster.advance(store, 60)
    assert _status(store)["phase"] == "Successful"


def test_a_provider_that_the_demo_has_not_is_said_so() -> None:
    store, *_ = _begin(provider={"web": {"url": "http://x"}}, consecutiveErrorLimit=0)

    cluster.advance(store, 1)

    message = _result(store)["measurements"][0]["message"]
    assert message == "the demo measures with Prometheus alone, not with web"


def test_a_run_that_is_deleted_is_forgotten() -> None:
    store, *_ = _begin(interval="1s")
    cluster.advance(store, 3)

    store.delete(ANALYSIS_RUNS, cluster.NAMESPACE, NAME)
    cluster.advance(store, 10)

    assert store.select(ANALYSIS_RUNS) == []

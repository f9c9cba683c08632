"""Plans of every shape, for tests of what is made from them."""

from typing import Any

from hypothesis import strategies as st

from amas_tui.pipeline.manifests.plan import CustomGate, Gate, Metrics, Plan, Slo, Strategy


def plan(**changes: Any) -> Plan:
    """Return the guide's plan, with changes."""
    fields: dict[str, Any] = {
        "namespace": "amas-prod",
        "name": "amas-orchestrator",
        "image": "ghcr.io/over7-maker/amas-orchestrator:v1.2.3",
    }
    return Plan(**fields | changes)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return any plan that is accepted."""
    below = draw(st.lists(st.integers(1, 99), unique=True, max_size=8).map(sorted))
    weights = (*below, 100)
    lengths = st.sampled_from(["1s", "30s", "1m", "2m", "1h"])
    custom = [CustomGate("queue", 'sum(q{h="{{args.hash}}"})', "result[0] < 100")]
    return plan(
        strategy=draw(st.sampled_from(Strategy)),
        weights=weights,
        pauses=draw(
            st.one_of(
                st.just(()),
                st.lists(lengths, min_size=len(weights), max_size=len(weights)).map(tuple),
            )
        ),
        replicas=draw(st.integers(1, 50)),
        slo=Slo(
            draw(st.sampled_from([0.5, 0.9, 0.95, 0.999])),
            draw(st.sampled_from([0.1, 3.0, 30.0])),
            draw(st.sampled_from([0.0, 0.05, 0.5])),
            draw(st.sampled_from(["30s", "2m"])),
        ),
        gate=Gate(draw(st.integers(1, 10)), draw(lengths), draw(lengths), draw(lengths)),
        metrics=draw(st.sampled_from([Metrics(), Metrics(requests="reqs", hash_label="v")])),
        custom=tuple(draw(st.sampled_from([[], custom]))),
    )

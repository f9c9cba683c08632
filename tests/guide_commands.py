"""Every command of the guide, what does it here, and the test that shows it.

`amas-tui` stands for itself in the second column; the third names a test as `FILE::FUNCTION`.
"""

from typing import Final

_WALK: Final = "tests/headless/test_walkthrough.py::test_every_line_does_what_it_says"
_HISTORY: Final = "tests/headless/test_watch.py::test_revisions_and_runs_are_told_in_every_format"
_DOCTOR: Final = (
    "tests/headless/test_doctor.py::"
    "test_a_cluster_in_order_is_told_with_evidence_and_by_reads_alone"
)
_DEPLOY: Final = (
    "tests/headless/test_deploy.py::test_a_good_version_is_followed_to_its_end_in_text_and_json"
)
_ROUND: Final = "tests/headless/test_bluegreen.py::test_a_round_of_deploy_switch_and_rollback"
_STATUS: Final = "tests/headless/test_status.py::test_each_state_has_its_words_and_its_exit_code"
_GET: Final = "tests/headless/test_get.py::test_get_agrees_with_the_plugin_field_by_field"
_WATCH: Final = (
    "tests/headless/test_watch.py::"
    "test_a_story_ends_where_it_is_waited_for_and_a_rollback_runs_the_command"
)
_FILES: Final = "tests/unit/cli/test_manifests_command.py::test_files_are_written_once"

_PROMOTE: Final = "tests/headless/test_verbs.py::test_a_promote_is_previewed_sent_and_proved"
_UNDO: Final = "tests/headless/test_verbs.py::test_a_dry_run_changes_nothing"
_LOGS: Final = (
    "tests/unit/session/test_logs.py::test_of_ingress_nginx_only_this_rollout_s_upstreams_are_kept"
)

ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    ("kubectl get pods -n argo-rollouts", "doctor", _DOCTOR),
    ("kubectl argo rollouts version", "doctor", _DOCTOR),
    ("kubectl apply -f k8s/argo-rollouts/analysis-templates.yaml", "manifests", _WALK),
    ("kubectl get analysistemplates", "doctor NAME", _DOCTOR),
    ("kubectl apply -f k8s/argo-rollouts/rollout.yaml", "manifests --output-dir k8s", _FILES),
    ("kubectl apply -f k8s/argo-rollouts/network-policy.yaml", "manifests", _WALK),
    ("kubectl get rollout", "status NAME", _STATUS),
    ("./scripts/deployment/canary_deploy.sh", "deploy NAME --tag v1.2.3", _DEPLOY),
    ("kubectl set image rollout/", "deploy NAME --image C=REF", _DEPLOY),
    ("./scripts/deployment/blue_green_deploy.sh deploy", "bluegreen deploy NAME", _ROUND),
    ("./scripts/deployment/blue_green_deploy.sh switch", "bluegreen switch NAME", _ROUND),
    ("./scripts/deployment/blue_green_deploy.sh rollback", "bluegreen rollback NAME", _ROUND),
    ("kubectl argo rollouts promote", "promote NAME [--full]", _PROMOTE),
    ("kubectl argo rollouts get rollout", "get NAME", _GET),
    ("kubectl argo rollouts get rollout --watch", "watch NAME", _WATCH),
    ("kubectl argo rollouts history", "history NAME", _HISTORY),
    ("kubectl get analysisruns", "analysis NAME", _HISTORY),
    ("kubectl get analysisrun", "analysis NAME -o yaml", _HISTORY),
    ("kubectl describe analysisrun", "analysis NAME", _HISTORY),
    ("kubectl rollout undo rollout/", "undo NAME [--to-revision N]", _UNDO),
    ("kubectl argo rollouts abort", "abort NAME", _PROMOTE),
    ("kubectl rollout undo rollout/ --force", "rollback NAME", _WALK),
    ("kubectl get pods", "get NAME", _GET),
    ("kubectl describe rollout", "why NAME", _WALK),
    ("kubectl run -it --rm debug --image=curlimages/curl", "doctor NAME", _DOCTOR),
    ("kubectl get ingress", "why NAME", _WALK),
    ("kubectl get endpoints", "verify NAME", _WALK),
    ("kubectl logs -n ingress-nginx", "open NAME", _LOGS),
    ("kubectl rollout history rollout/", "history NAME", _HISTORY),
    ("kubectl rollout history rollout/ --revision", "history NAME --revision N", _HISTORY),
)


def table_markdown() -> str:
    """Return the README's table."""
    lines = ["| In the guide | Here |", "| --- | --- |"]
    lines += [f"| `{theirs}` | `amas-tui {ours}` |" for theirs, ours, _ in ROWS]
    return "\n".join(lines) + "\n"

"""What acts in the demo: the Argo Rollouts controller, and Kubernetes around it.

Controllers hear of changes in the store and act later, on the clock. `canary` and `blue_green` tell
what one look at a Rollout does; the other modules hold one concern each, as functions of plain JSON
objects whose rules are those of Argo Rollouts v1.10.1 (`Source:` names its files).
"""

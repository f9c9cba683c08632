"""The manifests of a progressive delivery, made from a plan: pure builders, one per concern."""

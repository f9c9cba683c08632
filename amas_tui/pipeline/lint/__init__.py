"""Faults in manifests: each rule is a pure function that names its source upstream."""

"""The delivery pipeline: manifests, their faults, the checks before and the words during a deploy.

Pure: what is known comes in as arguments, what is decided goes out as values.
"""

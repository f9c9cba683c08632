"""What the API says: frozen records without decisions.

Records are plain slotted dataclasses, so that a screen can be imported and painted before
pydantic is; `amas_tui.kube.decode` lets pydantic validate bytes straight into them.
"""

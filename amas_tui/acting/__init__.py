"""The one gate that every write of the program goes through, on screen and command line alike.

limits → why not → consequence → rights and dry-run → (the user confirms) → guarded patch → pending
proof. Nothing else calls `Cluster.send`.
"""

from amas_tui.acting.gate import NO_CHANGE, Gate, MovedError, Preview, WriteRefusedError
from amas_tui.acting.moved import differences, is_moved
from amas_tui.acting.notes import announce, conclude, record
from amas_tui.acting.preparing import prepare, refusal
from amas_tui.acting.rights import denied, right_for, right_to
from amas_tui.acting.sending import carry_out, resolve

__all__ = [
    "NO_CHANGE",
    "Gate",
    "MovedError",
    "Preview",
    "WriteRefusedError",
    "announce",
    "carry_out",
    "conclude",
    "denied",
    "differences",
    "is_moved",
    "prepare",
    "record",
    "refusal",
    "resolve",
    "right_for",
    "right_to",
]

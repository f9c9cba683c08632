"""What the program may write at all: read-only, locked, or only by the typed name."""

from dataclasses import dataclass

from amas_tui.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """How careful to be in the context that is open.

    Attributes:
        read_only: Nothing is written.
        must_type: The rollout's name is typed to confirm.
        is_locked: The screen was locked until the program ends.
    """

    read_only: bool = False
    must_type: bool = False
    is_locked: bool = False

    def why_not(self) -> str | None:
        """Return why nothing may be written, `None` when it may."""
        if self.is_locked:
            return "the screen is locked: nothing is written until the program is started anew"
        if self.read_only:
            return "read-only: nothing is written"
        return None


def limits_of(settings: Settings, *, is_locked: bool = False) -> Limits:
    """Return the limits that the settings in force make."""
    return Limits(settings.read_only, settings.protected, is_locked)

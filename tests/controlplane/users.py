"""Who may talk to the bed's API server."""

import secrets
from collections.abc import Mapping
from typing import Final

GROUPS: Final = {
    "admin": "system:masters",
    "oncall": "oncall",
    "viewer": "viewers",
    "nobody": "nobodies",
}
"""Each user's group. `oncall` has no rights until a test grants some."""


def new_tokens() -> dict[str, str]:
    """Return a token for each user."""
    return {user: secrets.token_hex(16) for user in GROUPS}


def token_file(tokens: Mapping[str, str]) -> str:
    """Return the API server's static token file."""
    return "".join(
        f'{token},{user},{user},"{GROUPS[user]}"\n' for user, token in sorted(tokens.items())
    )

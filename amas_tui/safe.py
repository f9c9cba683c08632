"""Text that came from outside: made harmless once, where it enters.

A name, message or log line of a cluster can hold terminal escape sequences, bidirectional
overrides or newlines that forge lines of a report. Everything that is decoded passes `safe`, so
that nothing behind the edge has to think about it again.
"""

import re
from typing import Final
from urllib.parse import urlsplit

MAX_TEXT: Final = 2_000
"""Characters kept of one string; the longest useful status message is far shorter."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

# C0 and C1 controls, DEL, soft hyphen, zero-width and bidirectional controls, line separators,
# variation selectors and skin tones (terminals disagree on the width of what they modify), lone
# surrogates, interlinear annotations, byte order mark and the tag block.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile(r"\s*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+\s*")


def safe(text: str) -> str:
    """Return `text` as one line without a character that could act on a terminal.

    Line breaks and tabs become one space, every other control, bidirectional or invisible
    character becomes U+FFFD, and the text is cut at `MAX_TEXT` with an ellipsis.
    """
    if len(text) <= MAX_TEXT and text.isascii() and text.isprintable():
        return text
    # Cut before cleaning: a hostile text of many megabytes must not cost its full length.
    cut = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    return _HARMFUL.sub(REPLACEMENT, _BREAKS.sub(" ", cut))


def safe_lines(text: str, limit: int = 64 * MAX_TEXT) -> str:
    """Return `text` with its line breaks kept and tabs widened, otherwise as harmless as `safe`.

    For queries, logs and YAML. `limit` is in characters.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    unbroken = cut.replace("\r\n", "\n").replace("\t", "    ")
    return _HARMFUL.sub(REPLACEMENT, unbroken)


def host_of(url: str) -> str:
    """Return the host and port of a URL for a sentence, without credentials it may carry."""
    try:
        netloc = urlsplit(url).netloc
    except ValueError:
        return "an unreadable address"
    return safe((netloc or url).rpartition("@")[2])

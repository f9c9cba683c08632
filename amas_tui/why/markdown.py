"""The causes as the README lists them."""

from typing import Final

from amas_tui.why.diagnosis import CAUSES, UNKNOWN
from amas_tui.why.finding import Chapter, Severity

_HEADS: Final = {
    Severity.TROUBLE: "Something is wrong",
    Severity.HUMAN: "It waits for a human",
    Severity.NOTICE: "Worth knowing before one acts",
    Severity.COURSE: "It takes its time and goes on by itself: no cause is claimed",
}


def catalogue_markdown() -> str:
    """Return the README's catalogue: every cause with what helps, in the order they are said."""
    lines: list[str] = []
    for severity, head in _HEADS.items():
        own = [one for one in (*CAUSES, UNKNOWN) if one.severity is severity]
        lines += [f"**{head}**", "", "| Cause | Name | What helps |", "| --- | --- | --- |"]
        lines += [f"| {_cell(one.title)} | `{one.id}` | {_cell(one.remedy)} |" for one in own]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def chapters_markdown() -> str:
    """Return which causes answer each troubleshooting chapter of the guide."""
    rows = [f"| {chapter} | {_answers(chapter)} |" for chapter in Chapter]
    return "\n".join(["| Chapter of the guide | Causes |", "| --- | --- |", *rows]) + "\n"


def _answers(chapter: Chapter) -> str:
    return ", ".join(f"`{one.id}`" for one in CAUSES if chapter in one.chapters)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

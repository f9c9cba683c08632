"""A picture shows every row, in its colours, and asks for nothing from elsewhere."""

import re
from xml.etree import ElementTree

from tests.screenshots.svg import svg
from tests.terminal.sequences import Splitter
from tests.terminal.vt import Picture


def drawn(written: str) -> str:
    picture = Picture(30, 4)
    for piece in Splitter().feed(written):
        picture.take(piece)
    return svg(picture.cells, "title")


def test_every_row_is_there_in_its_colours() -> None:
    text = drawn(
        "first\r\n\x1b[31;1mHalted\x1b[0m \x1b[2mdim\x1b[0m\r\n\x1b[7m<&>\x1b[0m\r\n⣿▇ last"
    )
    root = ElementTree.fromstring(text)  # noqa: S314 - of our own making
    shown = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for word in ("first", "Halted", "dim", "<&>", "⣿▇\xa0last"):
        assert any(word in one for one in shown), word
    halted = next(element for element in root.iter() if element.text == "Halted")
    rule = re.search(rf"\.{halted.get('class')} {{(.*?)}}", text)
    assert rule is not None
    assert "bold" in rule[1]


def test_nothing_is_fetched() -> None:
    text = drawn("hello")
    addresses = set(re.findall(r"https?://[^\s\"]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "font-face" not in text

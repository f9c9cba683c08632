from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.errors import DecodeError
from amas_tui.kube.frames import LineSplitter

_bytes = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"\n", b"\r", b"a", b'{"x":1}', "\u0085".encode(), "\u2028".encode(), b" "])
).map(b"".join)


def _split(chunks: list[bytes]) -> list[bytes]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)]


@given(_bytes, st.lists(st.integers(0, 60)))
def test_any_chunking_gives_the_same_lines(content: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    chunks = [content[a:b] for a, b in pairwise(places)]
    assert _split(chunks) == _split([content])


@given(_bytes)
def test_lines_are_split_at_newlines_alone(content: bytes) -> None:
    assert _split([content]) == [line for line in content.split(b"\n")[:-1] if line.strip()]


def test_an_unfinished_line_is_never_given() -> None:
    assert _split([b'{"a":1}\n{"b":']) == [b'{"a":1}']


def test_a_line_across_many_chunks_is_whole() -> None:
    assert _split([b"a", b"b", b"c\nd", b"\n"]) == [b"abc", b"d"]


def test_a_line_without_an_end_is_given_up() -> None:
    splitter = LineSplitter(limit=10)
    assert list(splitter.feed(b"0123456789")) == []
    with pytest.raises(DecodeError, match="longer than 10 bytes"):
        list(splitter.feed(b"x"))


def test_lines_before_an_endless_one_are_given() -> None:
    splitter = LineSplitter(limit=10)
    lines = splitter.feed(b"whole\n" + b"x" * 20)
    assert next(lines) == b"whole"
    with pytest.raises(DecodeError):
        next(lines)

"""A recording as a file: one JSON document a line, the first of them a head and a picture."""

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from amas_tui.errors import AmasError, DecodeError, UsageError
from amas_tui.recording.codec import decode_batch, encode_base, encode_batch, remembered
from amas_tui.recording.ring import Batch, Recording, fold
from amas_tui.safe import safe
from amas_tui.store.slo import Slo
from amas_tui.store.snapshot import Snapshot

FORMAT: Final = "amas-tui/recording/v1"
_MAX_LINE: Final = 256 * 1024 * 1024
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


def save(recording: Recording, folder: Path) -> Path:
    """Write a recording into `folder`, for this user alone, and return its path.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in recording.context)
    path = folder / f"{name or 'context'}-{recording.ended:%Y%m%dT%H%M%S}.jsonl.gz"
    opened = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _FILE_MODE)
    with os.fdopen(opened, "wb") as file, gzip.open(file, "wb", compresslevel=6) as packed:
        for line in lines(recording):
            packed.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return path


def lines(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield the documents of a recording."""
    yield {
        "format": FORMAT,
        "context": recording.context,
        "home": recording.home,
        "began": recording.began.isoformat(),
        "base": encode_base(recording.base),
    }
    written: dict[str, Slo] = dict(recording.base.slos)
    for batch in recording.batches:
        yield encode_batch(batch, written)
        written |= batch.slos


def load(path: Path) -> Recording:
    """Return the recording in a file; one that was cut off opens up to its last whole entry.

    Raises:
        UsageError: The file cannot be read, or is not a recording.
    """
    documents = _documents(path)
    try:
        head = next(documents)
        if head is None or head.get("format") != FORMAT:
            raise _no_recording(path)
        raw = head["base"]
        first = decode_batch(raw, {})
        base = remembered(raw, fold(Snapshot(), first))
        context, home, began = head["context"], head["home"], head["began"]
    except (StopIteration, LookupError, TypeError, ValueError, DecodeError) as error:
        raise _no_recording(path) from error
    batches, is_cut = _batches(documents, dict(base.slos))
    began = datetime.fromisoformat(began)
    return Recording(safe(str(context)), safe(str(home)), base, began, batches, is_cut)


def _batches(
    documents: Iterator[dict[str, Any] | None], known: dict[str, Slo]
) -> tuple[tuple[Batch, ...], bool]:
    batches: list[Batch] = []
    for document in documents:
        if document is None:
            return tuple(batches), True
        try:
            batch = decode_batch(document, known)
        except AmasError:
            return tuple(batches), True
        known |= batch.slos
        batches.append(batch)
    return tuple(batches), False


def _documents(path: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the file's documents, `None` where the rest cannot be read."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield from _parsed(gzip.GzipFile(fileobj=file) if packed else file)
    except OSError as error:
        raise UsageError(f"cannot read {safe(str(path))}: {error.strerror or error}") from error


def _parsed(source: Any) -> Iterator[dict[str, Any] | None]:
    while True:
        try:
            line = source.readline(_MAX_LINE)
            if not line:
                return
            document = json.loads(line)
        except (EOFError, gzip.BadGzipFile, zlib.error, ValueError, RecursionError):
            yield None
            return
        yield document if isinstance(document, dict) else None


def _no_recording(path: Path) -> UsageError:
    return UsageError(
        f"{safe(str(path))} is not a recording of amas-tui", hint="Make one with :rec on the screen"
    )

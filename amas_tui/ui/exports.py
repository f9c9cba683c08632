"""Files that a person asked for: the story of a rollout."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from amas_tui.store.scene import Scene
from amas_tui.viewmodel.timeline.export import to_json, to_markdown

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


def write_story(
    scene: Scene, context: str, now: datetime, folder: Path | None = None
) -> tuple[Path, Path]:
    """Write the timeline as Markdown and JSON, for this user alone; return where.

    Args:
        scene: The rollout.
        context: Of the kubeconfig.
        now: The cluster's time, which names the files.
        folder: `$XDG_DATA_HOME/amas-tui/timelines` unless given.

    Raises:
        OSError: A file cannot be written.
    """
    folder = folder or user_data_path("amas-tui") / "timelines"
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    key = scene.rollout.key
    name = f"{key.namespace}-{key.name}-{now:%Y%m%dT%H%M%S}"
    markdown, document = folder / f"{name}.md", folder / f"{name}.json"
    _write(markdown, to_markdown(scene, context, now))
    _write(document, json.dumps(to_json(scene, context, now), indent=2, ensure_ascii=False))
    return markdown, document


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _FILE_MODE), "w") as file:
        file.write(text)

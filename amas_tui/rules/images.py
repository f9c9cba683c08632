"""Images: the short name by which people know a version."""

from collections.abc import Iterable
from typing import Final

from amas_tui.domain.rollout import ContainerImage

_DIGEST: Final = 12


def image_tag(image: str) -> str:
    """Return the tag, else the digest's first digits, else the image's last name."""
    name, _, digest = image.partition("@")
    last = name.rpartition("/")[2]
    _, colon, tag = last.rpartition(":")
    if colon:
        return tag
    return digest.rpartition(":")[2][:_DIGEST] or last


def version(containers: Iterable[ContainerImage]) -> str:
    """Return the tags of a pod template's containers, each once, e.g. `v1.4.0`."""
    return ", ".join(dict.fromkeys(image_tag(container.image) for container in containers))

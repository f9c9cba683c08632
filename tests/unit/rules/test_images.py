import pytest

from amas_tui.domain.rollout import ContainerImage
from amas_tui.rules.images import image_tag, version


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        pytest.param("registry/checkout:v1.4.0", "v1.4.0", id="tag"),
        pytest.param("registry:5000/checkout:v1", "v1", id="port and tag"),
        pytest.param("registry:5000/checkout", "checkout", id="port without tag"),
        pytest.param("nginx", "nginx", id="name alone"),
        pytest.param("a/b@sha256:0123456789abcdef", "0123456789ab", id="digest"),
        pytest.param("a/b:v2@sha256:0123456789abcdef", "v2", id="tag before digest"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_an_image_is_known_by_its_tag(image: str, tag: str) -> None:
    assert image_tag(image) == tag


def test_a_version_names_every_tag_once() -> None:
    images = ("app:v2", "proxy:v9", "init:v2")
    assert version(ContainerImage(image=image) for image in images) == "v2, v9"
    assert version(()) == ""

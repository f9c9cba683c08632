"""Where the style sheets are: beside the package in a checkout, inside it when installed."""

from pathlib import Path, PurePath

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parent / "styles"
_INSTALLED = _PACKAGE / "styles"
STYLES = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def stylesheets(*names: str) -> list[str | PurePath]:
    """Return absolute paths, so that a subclass in another folder finds them too."""
    return [STYLES / f"{name}.tcss" for name in names]

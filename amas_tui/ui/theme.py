"""The one theme: the terminal's own sixteen colours on its own background.

It follows the user's palette, light or dark, costs few bytes on the wire, and leaves no colour at
all behind when NO_COLOR is set. Blue and yellow tell stable and canary apart for red-green-blind
eyes; every colour's meaning is also a sign and a word.
"""

from textual.theme import Theme

THEME = Theme(
    name="amas",
    ansi=True,
    dark=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_bright_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_bright_blue",
        "input-selection-foreground": "ansi_black",
    },
)

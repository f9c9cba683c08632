"""The pictures of the README, made by `python -m tests.screenshots`: the program's own output.

The program runs in a pseudo-terminal; what its bytes paint there is written as SVG.
"""

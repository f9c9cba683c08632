"""The pictures of the README, made by `python -m tests.screenshots`: the program's own output.

The program runs on the demo at a fixed seed and a fixed moment; what it paints is written as SVG,
and with `--png` as PNG too, to be looked at.
"""

"""`python -m amas_tui`."""

from amas_tui.cli.main import main

if __name__ == "__main__":
    main()

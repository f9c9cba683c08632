"""The configuration file, the environment and the flags, made into `amas_tui.settings`."""

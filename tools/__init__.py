"""The operator's commands, run as `python -m tools`; never shipped."""

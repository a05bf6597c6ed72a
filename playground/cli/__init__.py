"""The `playground` command."""

"""The screens that come up over the panes."""

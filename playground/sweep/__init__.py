"""Sweeps: one prompt, or many, at every point of a space of settings, measured and kept."""

from __future__ import annotations

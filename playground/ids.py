"""Names for what is kept: short enough to type, and never met twice."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Digits and letters without i, l, o and u, which are read wrongly or spell words."""

LENGTH = 10
"""50 random bits: among a million names, two are equal with a probability of 0.05 %."""


def new_id() -> str:
    """A new name. The first four or five letters are usually enough to tell it from the others."""
    # All bits at once: asking the system for each letter takes most of a millisecond in a sandbox.
    bits = secrets.randbits(5 * LENGTH)
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))

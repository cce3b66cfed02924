"""Limits of a contact's profile."""

from __future__ import annotations

LONGEST_NAME = 120  # characters
LONGEST_ABOUT = 4_000
MOST_FIELDS = 20
LONGEST_FIELD = 60  # characters of its name
LONGEST_VALUE = 500

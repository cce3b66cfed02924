"""Tests of what the desk learns."""

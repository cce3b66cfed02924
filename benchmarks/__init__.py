"""Measuring the real system, loading a running one, and a scripted day for a demonstration."""

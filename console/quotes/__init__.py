"""The parts of the quotes' page."""

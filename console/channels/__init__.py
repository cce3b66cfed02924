"""The parts of the channels page."""

"""The parts of the page on what bots know."""

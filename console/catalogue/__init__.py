"""The parts of the catalogue's page."""

"""The parts of the page of suggested answers."""

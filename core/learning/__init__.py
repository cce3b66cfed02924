"""What the desk learns from its own work: outcomes, calibration, and questions that still need an answer."""

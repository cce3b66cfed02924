"""Other ways to do the same, written as well as each way allows, to measure ours against."""

"""Administration from the command line: `python -m core.cli …` or `make bothub ARGS="…"`."""

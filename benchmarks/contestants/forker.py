"""A worker of the obvious way, in a module of its own so that its jobs are found under their real name."""

from __future__ import annotations

from benchmarks.contestants.obvious import work

if __name__ == "__main__":
    work()

"""Looks the pinned packages up among known vulnerabilities (pip-audit). Fails for one that is found.

Without its database nothing can be said: that is said, and is no failure, so that work goes on without a network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

_COMMAND = (
    sys.executable, "-m", "pip_audit", "-r", "requirements-dev.txt", "--no-deps", "--disable-pip", "--format", "json",
    "--progress-spinner", "off", "--timeout", "10",
)  # fmt: skip
_SECONDS = 90.0


def main(command: Sequence[str] = _COMMAND, seconds: float = _SECONDS) -> int:
    """Report known vulnerabilities of the installed packages. Return 1 if there are any; 0 also without an answer."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return _not_audited(f"no answer within {seconds:.0f} seconds")
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _not_audited((ended.stderr.strip().splitlines() or ["no answer"])[-1])
    known = [one for one in packages if "vulns" in one]  # the others were not found
    if not known:
        return _not_audited("it knows none of the packages")
    found = [(one, flaw) for one in known for flaw in one["vulns"]]
    for one, flaw in found:
        mended = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {flaw['id']}, mended in {mended}")
    print(f"{len(known)} of {len(packages)} packages audited, {len(found)} known vulnerabilities.")
    return 1 if found else 0


def _not_audited(reason: str) -> int:
    print(f"Dependencies were NOT audited: the database of vulnerabilities was not reached ({reason}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

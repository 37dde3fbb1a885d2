"""Known vulnerabilities of the pinned versions, where the audit data can be reached.

`python -m intercom_assets_tests.architecture.audit` fails for a vulnerability that is known. Where
the data is out of reach it says so and passes: a check must not depend on a service.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        audited: Packages whose data could be read.
        skipped: Packages whose data could not.
        vulnerable: One line per known vulnerability.
    """

    audited: int
    skipped: int
    vulnerable: tuple[str, ...]

    @classmethod
    def parse(cls, output: str) -> "Audit":
        """Read the JSON that pip-audit prints; anything else is an audit that did not happen."""
        try:
            dependencies = json.loads(output)["dependencies"]
        except (ValueError, KeyError, TypeError):
            return cls(0, 0, ())
        done = [one for one in dependencies if "skip_reason" not in one]
        return cls(
            audited=len(done),
            skipped=len(dependencies) - len(done),
            vulnerable=tuple(
                f"{one['name']} {one['version']}: {found['id']}, fixed in "
                f"{', '.join(found['fix_versions']) or 'no version yet'}"
                for one in done
                for found in one["vulns"]
            ),
        )

    def __str__(self) -> str:
        """Say in a few lines what was found, and what could not be looked up."""
        if not self.audited:
            return "audit: not evaluated, the data about vulnerabilities cannot be reached"
        lines = [f"audit: {self.audited} packages, {len(self.vulnerable)} known vulnerabilities"]
        if self.skipped:
            lines.append(f"audit: {self.skipped} packages could not be looked up")
        return "\n".join([*lines, *self.vulnerable])


def main() -> None:
    """Audit the pinned versions."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS)]
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5"]
    try:
        output = subprocess.run(
            [*command, *options, "--format", "json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        ).stdout
    except subprocess.TimeoutExpired:
        output = ""
    audit = Audit.parse(output)
    print(audit)  # noqa: T201 - this is what the command is for
    sys.exit(1 if audit.vulnerable else 0)


if __name__ == "__main__":
    main()

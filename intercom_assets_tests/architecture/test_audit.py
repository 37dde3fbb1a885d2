"""The audit of dependencies fails for what is known, and never says more than it knows."""

import json

from intercom_assets_tests.architecture.audit import Audit


def output(*dependencies: object) -> str:
    """Print as pip-audit does."""
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_known_vulnerability_is_named() -> None:
    """A vulnerable package is named with its version, the finding and the version that mends it."""
    found = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}

    audit = Audit.parse(output({"name": "a", "version": "1.0", "vulns": [found]}))

    assert ("a 1.0: PYSEC-1, fixed in 1.1",) == audit.vulnerable
    assert "1 known vulnerabilities" in str(audit)


def test_packages_that_were_skipped_do_not_count_as_clean() -> None:
    """An audit in which nothing could be looked up says that it was not evaluated."""
    audit = Audit.parse(output({"name": "a", "skip_reason": "not found"}))

    assert () == audit.vulnerable
    assert "not evaluated" in str(audit)


def test_an_audit_that_printed_nothing_was_not_evaluated() -> None:
    """A tool that failed says nothing about vulnerabilities."""
    assert "not evaluated" in str(Audit.parse("Traceback"))

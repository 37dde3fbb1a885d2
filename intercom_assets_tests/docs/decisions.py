"""The decisions in `docs/decisions/`: one short file each, numbered by topic, and their list."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"

TOPICS = {
    "01": "Reading",
    "02": "Rate limits and requests",
    "03": "Loading",
    "04": "DuckDB",
    "05": "Snowflake",
    "06": "Models and checks",
    "07": "Dagster",
    "08": "Command line",
    "09": "Privacy",
    "10": "Documents",
}
"""Topics by the first two digits of a decision's number."""

PARTS = ("Context", "Decision", "Measured", "Cost", "Revisit")
"""What each decision says, in this order."""


def files() -> list[Path]:
    """List the decisions in the order of their numbers."""
    return sorted(FOLDER.glob("[0-9]*.md"))


def title(file: Path) -> str:
    """Return the number and title of a decision."""
    return file.read_text().partition("\n")[0].removeprefix("# ")


def listed() -> str:
    """Return the list of all decisions, by topic."""
    lines: list[str] = []
    for digits, topic in TOPICS.items():
        lines += [f"## {topic}", ""]
        for file in files():
            if file.name.startswith(digits):
                number, _, text = title(file).partition(": ")
                lines.append(f"* [{number}]({file.name}) {text}")
        lines.append("")
    return "\n".join(lines).strip()

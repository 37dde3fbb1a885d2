"""How events of one contact are counted by name."""

from datetime import UTC, datetime

from intercom_simulator.records import Record


def summaries(events: list[Record]) -> list[Record]:
    """Counts events by name, also those too old to be listed."""
    by_name: dict[str, list[int]] = {}
    for event in events:
        by_name.setdefault(event["event_name"], []).append(event["created_at"])
    return [
        {
            "name": name,
            "first": _text(min(moments)),
            "last": _text(max(moments)),
            "count": len(moments),
            "description": f"A contact did this: {name}",
        }
        for name, moments in by_name.items()
    ]


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")

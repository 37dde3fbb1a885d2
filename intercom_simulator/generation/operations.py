"""What data connectors did and how busy teams are, from chance of their own."""

from datetime import UTC, datetime

from intercom_simulator.contents import Contents
from intercom_simulator.generation.chance import END, Chance
from intercom_simulator.records import Record

_OWN_STREAM = 6_000_003
_COUNTS = (73, 4, 0)
_SOURCES = ("workflow", "inbox", "fin")


def executions(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes requests of data connectors, oldest first; the last connector was never used."""
    chance = Chance(seed + _OWN_STREAM)
    ids = contents.collection("conversations").ids()
    return {
        key: [
            {**_execution(chance, ids, moment), "id": str(99_000 + at), "data_connector_id": key}
            for at, moment in enumerate(sorted(chance.created() for _ in range(count)))
        ]
        for key, count in zip(contents.collection("data_connectors").ids(), _COUNTS, strict=False)
    }


def _execution(chance: Chance, conversations: list[str], moment: int) -> Record:
    succeeded = not chance.hits(0.2)
    failure: Record = {
        "error_type": "3rd_party_error",
        "error_message": "Connection refused: Größe",
    }
    return {
        "type": "data_connector.execution",
        "success": succeeded,
        "http_status": 200 if succeeded else None,
        "http_method": "post",
        "request_url": "https://shop.example/orders",
        "execution_time_ms": 20 + chance.below(900) if succeeded else None,
        "source_type": chance.pick(_SOURCES),
        "source_id": str(5_000 + chance.below(9)),
        "conversation_id": chance.pick(conversations) if conversations and succeeded else None,
        "created_at": datetime.fromtimestamp(min(moment, END), UTC).isoformat()[:19] + "Z",
        **({} if succeeded else failure),
    }


def loads(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes how busy each teammate of each team is; one team has none."""
    chance = Chance(seed + _OWN_STREAM + 1)
    return {
        str(team["id"]): [
            {
                "type": "team_metric",
                "admin_id": str(admin),
                "open": chance.below(9),
                "idle": chance.below(4),
                "snoozed": chance.below(3),
            }
            for admin in team["admin_ids"]
        ]
        for team in contents.collection("teams")
    }

"""What data connectors did, how busy teams are, and office hours, from chance of their own."""

from datetime import UTC, datetime

from intercom_simulator.contents import Contents
from intercom_simulator.generation.chance import END, Chance
from intercom_simulator.records import Json, Record

_OWN_STREAM = 6_000_003
_HOURS_STREAM = 5_000_003
_COUNTS = (73, 4, 0)
_SOURCES = ("workflow", "inbox", "fin")
_WEEKS = (
    ("Büro", "Europe/Berlin", range(5)),
    ("Late shift", "America/New_York", range(2, 6)),
    ("Always", "Etc/UTC", range(7)),
)
_DAYS = ("12-24", "12-25", "01-01", "05-01", "10-03")


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


def schedules(seed: int) -> list[Record]:
    """Makes a few schedules, the last of which never closes."""
    chance = Chance(seed + _HOURS_STREAM)
    return [
        {
            "type": "office_hours_schedule",
            "id": str(610 + index),
            "name": name,
            "time_zone_name": zone,
            "time_intervals": [_interval(1_440 * day, day) for day in days],
            "twenty_four_seven": len(days) == 7,
            **_dated(chance),
        }
        for index, (name, zone, days) in enumerate(_WEEKS)
    ]


def exceptions(seed: int, made: list[Record]) -> dict[str, list[Record]]:
    """Makes exceptions of all schedules but the last, by schedule."""
    chance = Chance(seed + _HOURS_STREAM + 1)
    return {
        str(schedule["id"]): [
            _exception(chance, schedule, 100 * place + serial)
            for serial in range(len(_DAYS) - place)
        ]
        for place, schedule in enumerate(made[:-1])
    }


def _exception(chance: Chance, schedule: Record, serial: int) -> Record:
    is_closed = serial % 2 == 1
    hours: Json = None if is_closed else [_interval(0, serial % 7)]
    return {
        "type": "office_hours_exception",
        "id": str(4_560 + serial),
        "office_hours_schedule_id": schedule["id"],
        "exception_date": f"2025-{_DAYS[serial % 100]}",
        "exception_type": "closed" if is_closed else "custom_hours",
        "name": "Weihnachten 🎄" if serial % 3 else None,
        "time_intervals": hours,
        "recurring_annually": serial % 2 == 0,
        **_dated(chance),
    }


def _interval(begin: int, day: int) -> Record:
    return {"start_minute": begin + 540, "end_minute": begin + 1_020, "day_of_week": day}


def _dated(chance: Chance) -> Record:
    created = chance.created()
    return {"created_at": created, "updated_at": chance.later(created)}

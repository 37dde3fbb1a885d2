"""Office hours of a made-up workspace, from chance of their own."""

from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Json, Record

_OWN_STREAM = 5_000_003
_WEEKS = (
    ("Büro", "Europe/Berlin", range(5)),
    ("Late shift", "America/New_York", range(2, 6)),
    ("Always", "Etc/UTC", range(7)),
)
_DAYS = ("12-24", "12-25", "01-01", "05-01", "10-03")


def schedules(seed: int) -> list[Record]:
    """Makes a few schedules, the last of which never closes."""
    chance = Chance(seed + _OWN_STREAM)
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
    chance = Chance(seed + _OWN_STREAM + 1)
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

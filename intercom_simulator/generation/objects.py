"""Custom objects of a made-up workspace, from chance of their own."""

from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

_OWN_STREAM = 8_000_003
_COUNTS = {"Order": 157, "Subscription": 145}
_PLANS = ("basic", "größer", "enterprise 🚀")


def custom_objects(seed: int) -> list[Record]:
    """Makes orders, more than a page of them, and a page of subscriptions."""
    chance = Chance(seed + _OWN_STREAM)
    kinds = [kind for kind, count in _COUNTS.items() for _ in range(count)]
    return [_custom_object(chance, kind, serial) for serial, kind in enumerate(kinds)]


def _custom_object(chance: Chance, kind: str, serial: int) -> Record:
    created = chance.created()
    elsewhere = None if serial % 4 == 0 else created - 60
    # The description allows text alone, whatever its example shows.
    amount, seats = f"{chance.below(9_000) / 100:.2f}", str(1 + chance.below(40))
    order: Record = {"order_number": f"ORDER-{serial:05d}", "total_amount": amount}
    plan: Record = {"plan": chance.pick(_PLANS), "seats": seats}
    return {
        "id": str(16_032_000 + serial),
        "type": kind,
        "custom_attributes": order if kind == "Order" else plan,
        "external_id": f"{kind.lower()}_{serial}",
        "external_created_at": elsewhere,
        "external_updated_at": elsewhere,
        "created_at": created,
        "updated_at": chance.later(created),
    }

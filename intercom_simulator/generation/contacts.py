"""Contacts of a made-up workspace, their notes, and the segments that they are in."""

from dataclasses import dataclass
from typing import Final

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import DAY, Chance
from intercom_simulator.records import Record

_MANY_TAGS, _MANY_COMPANIES, _MANY_NOTES = 3, 5, 7
"""Contacts of these indices always have more than ten, however few contacts there are."""
_FUTURE = (2_328_134_400, 2_738_966_400, 2_371_248_000)
_DEVICES: Final = [
    f"{system}_{field}"
    for system in ("android", "ios")
    for field in ("app_name", "app_version", "device", "os_version", "sdk_version", "last_seen_at")
]
_EMPTY_DEVICES: Final[Record] = dict.fromkeys(_DEVICES)


@dataclass(frozen=True, slots=True)
class ContactMaker:
    """Makes contacts out of the workspace's setup."""

    chance: Chance
    id_code: str
    tag_ids: list[str]
    company_ids: list[str]
    admins: list[Record]

    def contact(self, index: int) -> Record:
        """Makes one contact; nested lists are stored whole."""
        chance = self.chance
        created = chance.created()
        contact_id = chance.hex_id(created, index + 1)
        handle = f"{chance.pick(words.LATIN_HANDLES)}.{index}"
        domain = chance.pick(words.DOMAINS)
        updated = chance.later(created)
        is_user = chance.hits(0.8)
        return {
            "type": "contact",
            "id": contact_id,
            "workspace_id": self.id_code,
            "external_id": str(20_000_000 + index) if is_user else None,
            "role": "user" if is_user else "lead",
            "email": f"{handle}@{domain}",
            "email_domain": domain,
            "phone": f"+3538{index:08d}" if chance.hits(0.3) else None,
            "name": self._name() if chance.hits(0.9) else None,
            "avatar": None,
            "owner_id": str(chance.pick(self.admins)["id"])
            if self.admins and chance.hits(0.3)
            else None,
            "social_profiles": {"type": "list", "data": []},
            "has_hard_bounced": chance.hits(0.02),
            "marked_email_as_spam": False,
            "unsubscribed_from_emails": chance.hits(0.1),
            "created_at": created,
            "updated_at": updated,
            "signed_up_at": self._signed_up(created, index),
            **self._seen(created, updated),
            **_EMPTY_DEVICES,
            "custom_attributes": self._custom_attributes(index),
            "tags": self._nested(contact_id, "tag", self._tags(index)),
            "notes": self._nested(contact_id, "note", self._note_ids(index)),
            "companies": self._nested(contact_id, "company", self._companies(index)),
            "opted_out_subscription_types": _empty(contact_id, "subscriptions"),
            "opted_in_subscription_types": _empty(contact_id, "subscriptions"),
            "utm_campaign": None,
            "referrer": None,
            "sms_consent": False,
            "unsubscribed_from_sms": False,
            "enabled_push_messaging": None,
        }

    def notes(self, contact: Record) -> list[Record]:
        """Makes the notes that a contact lists, newest first."""
        return [
            {
                "type": "note",
                "id": item["id"],
                "created_at": contact["created_at"],
                "contact": {"type": "contact", "id": contact["id"]},
                "author": _author(self.chance.pick(self.admins)) if self.admins else None,
                "body": self.chance.pick(words.NOTE_BODIES),
            }
            for item in contact["notes"]["data"]
        ]

    def _name(self) -> str:
        return f"{self.chance.pick(words.GIVEN_NAMES)} {self.chance.pick(words.FAMILY_NAMES)}"

    def _signed_up(self, created: int, index: int) -> int | None:
        if index % 211 == 1:
            return self.chance.pick(_FUTURE)
        if index % 499 == 2:
            return -86_400
        return created if self.chance.hits(0.8) else None

    def _seen(self, created: int, updated: int) -> Record:
        chance = self.chance
        country, region, city, country_code, continent = chance.pick(words.PLACES)
        seen = updated if chance.hits(0.7) else None
        return {
            "last_seen_at": seen,
            "last_replied_at": created + DAY if created + DAY < updated else None,
            "last_contacted_at": None,
            "last_email_opened_at": None,
            "last_email_clicked_at": None,
            "language_override": None,
            "browser": chance.pick(words.BROWSERS) if seen else None,
            "browser_version": "119.0.0" if seen else None,
            "browser_language": chance.pick(words.LANGUAGES) if seen else None,
            "os": chance.pick(words.SYSTEMS) if seen else None,
            "location": {
                "type": "location",
                "country": country,
                "region": region,
                "city": city,
                "country_code": country_code,
                "continent_code": continent,
            },
        }

    def _custom_attributes(self, index: int) -> Record:
        chance = self.chance
        if index % 5 == 4:
            return {}
        return {
            "plan_tier": chance.pick(("free", "pro", "enterprise", "")),
            "lifetime value": round(chance.random.random() * 9_000, 2),
            "seats": chance.below(500),
            "is.beta": chance.hits(0.1),
            "trial_ends_at": chance.created(),
            "Größe 🚀": chance.pick(("S", "M", "XL", None)),
            # The type of a custom attribute may change from record to record.
            "score": ("n/a", 7.5, True)[index % 3] if index % 17 == 0 else chance.below(100),
        }

    def _tags(self, index: int) -> list[str]:
        return self.chance.some(self.tag_ids, self._count(index == _MANY_TAGS, 0.6, 25))

    def _companies(self, index: int) -> list[str]:
        return self.chance.some(self.company_ids, self._count(index == _MANY_COMPANIES, 0.3, 60))

    def _note_ids(self, index: int) -> list[str]:
        count = self._count(index == _MANY_NOTES, 0.85, 70)
        return [str(index * 100 + serial) for serial in range(count, 0, -1)]

    def _count(self, many: bool, none: float, most: int) -> int:  # noqa: FBT001 - reads well
        draw = self.chance.random.random()
        if many or draw > 0.995:
            return 11 + self.chance.below(most - 10)
        return 0 if draw < none else 1 + self.chance.below(3)

    def _nested(self, contact_id: str, kind: str, ids: list[str]) -> Record:
        plural = {"company": "companies"}.get(kind, f"{kind}s")
        return {
            "type": "list",
            "data": [{"type": kind, "id": each, "url": f"/{plural}/{each}"} for each in ids],
            "url": f"/contacts/{contact_id}/{plural}",
            "total_count": len(ids),
            "has_more": False,
        }


def _empty(contact_id: str, path: str) -> Record:
    url = f"/contacts/{contact_id}/{path}"
    return {"type": "list", "data": [], "url": url, "total_count": 0, "has_more": False}


def _author(admin: Record) -> Record:
    shown = ("type", "id", "name", "email", "away_mode_enabled", "away_mode_reassign")
    return {name: admin[name] for name in shown}

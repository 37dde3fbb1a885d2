"""A fake Intercom workspace: its contents, who may read them, and how it answers.

HTTP is elsewhere: nothing here knows of requests.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from intercom_simulator.access import Access
from intercom_simulator.behaviour import Behaviour
from intercom_simulator.contents import PARTS_CAP, Contents
from intercom_simulator.events import summaries
from intercom_simulator.exports import Exports
from intercom_simulator.faults import Faults
from intercom_simulator.oauth import OAuth
from intercom_simulator.records import Record, listed
from intercom_simulator.request_log import RequestLog
from intercom_simulator.scroll import Scroll
from intercom_simulator.versions import Version, parse_version

_ATTRIBUTES = frozenset({"company_attributes", "contact_attributes", "conversation_attributes"})


@dataclass(kw_only=True, repr=False, eq=False)
class Workspace(Contents):
    """An Intercom workspace. Every attribute may be changed while it is served.

    What people do in Intercom are methods, which it has from `Contents` and `Store`.

    Attributes:
        name: What `/me` calls it.
        region: Where it is hosted.
        timezone: Days begin at its midnight.
        access: Who is let in, and how often.
        behaviour: How answers come out where documents are silent.
        faults: Which requests fail, and how.
        oauth: The app that may ask for access, and how its codes are exchanged.
        log: What was asked.
        scroll: The only scroll over companies.
        exports: Jobs that export content.
        reports: Jobs that export reports.
    """

    name: str = "Simulated workspace"
    region: Literal["us", "eu", "au"] = "us"
    timezone: str = "America/Los_Angeles"
    access: Access = field(default_factory=Access)
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: Faults = field(default_factory=Faults)
    oauth: OAuth = field(default_factory=OAuth)
    log: RequestLog = field(default_factory=RequestLog)
    scroll: Scroll = field(default_factory=Scroll)
    exports: Exports = field(default_factory=Exports)
    reports: Exports = field(default_factory=lambda: Exports("reporting dataset", most=5))

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)

    def truth(
        self, resource: str, version: str = "2.16", *, include_archived: bool = False
    ) -> list[Record]:
        """Returns exactly the records that a perfect sync of a resource sees."""
        parsed = parse_version(version)
        if parsed is None:
            raise ValueError(f"version {version!r} is not served")
        if resource in _BELOW:
            return _BELOW[resource](self, parsed)
        records = [self.shaped(resource, record, parsed) for record in self.collection(resource)]
        if resource in _ATTRIBUTES and not include_archived:
            return [record for record in records if not record.get("archived")]
        return records

    def state(self, *, with_ids: bool = True) -> Record:
        """Summarises the state: count and ids of every kind."""
        kinds: Record = {}
        for kind, collection in self.collections.items():
            kinds[kind] = {"count": len(collection)}
            if with_ids:
                kinds[kind]["ids"] = collection.ids()
        kinds["conversation_parts"] = {"count": sum(map(len, self.parts.values()))}
        return {"id_code": self.id_code, "region": self.region, "now": self.now(), "kinds": kinds}


def _conversation_parts(contents: Contents, version: Version) -> list[Record]:
    """Returns the parts that conversations show, each with its `conversation_id`."""
    return [
        {
            **contents.shaped("conversation_parts", part, version),
            "conversation_id": conversation_id,
        }
        for conversation_id in contents.collection("conversations").ids()
        for part in contents.parts.get(conversation_id, [])[-PARTS_CAP:]
    ]


def _ticket_parts(contents: Contents, version: Version) -> list[Record]:
    """Returns the parts that tickets show, each with its `ticket_id`."""
    return [
        {**part, "ticket_id": record["id"]}
        for record in contents.collection("tickets")
        for part in listed(
            contents.shaped("tickets", record, version), "ticket_parts", "ticket_parts"
        )
    ]


def _article_statistics(contents: Contents, version: Version) -> list[Record]:
    """Returns the figures that articles show, each with its `article_id`."""
    return [
        {**contents.shaped("article_statistics", figures, version), "article_id": article_id}
        for article_id in contents.collection("articles").ids()
        if (figures := contents.article_statistics.get(article_id))
    ]


def _company_segments(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**row, "company_id": company_id}
        for company_id in contents.collection("companies").ids()
        for row in contents.segments_of_company(company_id)
    ]


def _article_versions(contents: Contents, _version: Version) -> list[Record]:
    ids = contents.collection("articles").ids()
    return [one for article_id in ids for one in contents.article_versions.get(article_id, [])]


def _beside(held: dict[str, list[Record]], contents: Contents) -> list[Record]:
    return [
        {**one, "conversation_id": key}
        for key in contents.collection("conversations").ids()
        for one in held.get(key, [])
    ]


def _handling_events(contents: Contents, _version: Version) -> list[Record]:
    return _beside(contents.handling_events, contents)


def _side_conversations(contents: Contents, _version: Version) -> list[Record]:
    return _beside(contents.side_conversations, contents)


def _events(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**one, "contact_id": key}
        for key in contents.collection("contacts").ids()
        for one in contents.events.get(key, [])
    ]


def _event_summaries(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**one, "contact_id": key}
        for key in contents.collection("contacts").ids()
        for one in summaries(contents.events.get(key, []))
    ]


def _office_hours_exceptions(contents: Contents, _version: Version) -> list[Record]:
    ids = contents.collection("office_hours_schedules").ids()
    return [one for key in ids for one in contents.office_hours_exceptions.get(key, [])]


def _executions(contents: Contents, _version: Version) -> list[Record]:
    return [one for held in contents.connector_executions.values() for one in held]


def _call_transcripts(contents: Contents, version: Version) -> list[Record]:
    return [
        contents.transcribed(contents.shaped("calls", call, version))
        for call in contents.collection("calls")
        if call["conversation_id"]
    ]


def _deleted_conversations(contents: Contents, _version: Version) -> list[Record]:
    return list(contents.deleted_conversations)


def _contact_notes(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**known.get(str(item["id"]), {"type": "note", "id": item["id"]}), "contact_id": key}
        for record in contents.collection("contacts")
        for key in [str(record["id"])]
        for known in [{str(one["id"]): one for one in contents.notes.get(key, [])}]
        for item in listed(record, "notes")
    ]


def _company_notes(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**one, "company_id": key}
        for key in contents.collection("companies").ids()
        for one in contents.company_notes.get(key, [])
    ]


def _contact_segments(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**row, "contact_id": key}
        for key in contents.collection("contacts").ids()
        for row in contents.segments_of_contact(key)
    ]


def _contact_subscriptions(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**row, "contact_id": key}
        for key in contents.collection("contacts").ids()
        for row in contents.subscriptions_of(key)
    ]


def _contact_taggings(contents: Contents, _version: Version) -> list[Record]:
    return [
        {**row, "contact_id": record["id"]}
        for record in contents.collection("contacts")
        for row in contents.tags_of(record)
    ]


def _redirects(contents: Contents, _version: Version) -> list[Record]:
    ids = contents.collection("help_centers").ids()
    return [one for key in ids for one in contents.redirects.get(key, [])]


_BELOW: dict[str, Callable[[Contents, Version], list[Record]]] = {
    "conversation_parts": _conversation_parts,
    "handling_events": _handling_events,
    "side_conversations": _side_conversations,
    "ticket_parts": _ticket_parts,
    "events": _events,
    "event_summaries": _event_summaries,
    "company_segments": _company_segments,
    "contact_notes": _contact_notes,
    "company_notes": _company_notes,
    "contact_segments": _contact_segments,
    "contact_subscriptions": _contact_subscriptions,
    "contact_taggings": _contact_taggings,
    "article_statistics": _article_statistics,
    "article_versions": _article_versions,
    "help_center_redirects": _redirects,
    "office_hours_exceptions": _office_hours_exceptions,
    "data_connector_executions": _executions,
    "call_transcripts": _call_transcripts,
    "deleted_conversations": _deleted_conversations,
}
"""Finds the records that no collection holds, by resource."""

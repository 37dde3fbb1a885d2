"""The whole state of the fake Intercom, and what may happen to it.

HTTP is elsewhere: nothing here knows of requests. Actions that a person or
another system would take in Intercom are methods of `Workspace`.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from intercom_simulator import truth, versions
from intercom_simulator.faults import Faults
from intercom_simulator.oauth import OAuth
from intercom_simulator.quota import Quota
from intercom_simulator.records import Record, listed
from intercom_simulator.request_log import RequestLog
from intercom_simulator.scroll import Scroll
from intercom_simulator.store import Collection
from intercom_simulator.threads import add_reply

KEYS = {
    "admins": "id",
    "teams": "id",
    "tags": "id",
    "company_attributes": "full_name",
    "contact_attributes": "full_name",
    "conversation_attributes": "full_name",
    "segments": "id",
    "companies": "id",
    "contacts": "id",
    "conversations": "id",
    "ticket_types": "id",
    "ticket_states": "id",
}
_DELAYED = frozenset({"contacts", "conversations"})


def _collections() -> dict[str, Collection]:
    return {kind: Collection(key) for kind, key in KEYS.items()}


@dataclass(kw_only=True, repr=False, eq=False)
class Workspace:
    """An Intercom workspace. Every attribute may be changed while it is served.

    Attributes:
        tokens: Access tokens that are accepted.
        refused_tokens: Access tokens that are known and refused, with the code of the refusal,
            such as `token_suspended`.
        default_version: API version of requests that name none.
        verbatim: Serve records unchanged in every version (recorded data).
        rate_limit: Requests per window of ten seconds; 0 is no limit.
        latency: Seconds to wait before each answer.
        index_delay: Seconds until lists and searches of contacts and
            conversations show a change. GET by id shows it at once.
        deletions_delay: Seconds until the list of deleted conversations shows one.
        deletions_status: Status with which that list is refused; 200 answers it.
        paging: Whether `starting_after` marks a record or counts records.
        date_header: Whether answers have a `Date`; some proxies strip it.
        inclusive_bounds: Whether `>` and `<` on conversations include the bound.
        hidden: Ids, by kind, that lists and searches count and do not show.
        missing_scopes: Scopes that the token lacks, such as `read_conversations`.
        refused_paths: Paths that are refused whatever the token may, `*` for any part, and the
            scope that the refusal names.
        scope_status: Status of such a refusal; the real API answers both.
        namesakes: Attributes by kind that share the full name of another; lists show them last.
        contact_companies_key: Where `/contacts/{id}/companies` has its records:
            examples and clients say `data`, the schema says `companies`.
        list_pages: Records a page of the lists that are documented as one page; 0 is all.
        scroll_end: How the scroll over companies ends: with an empty list, as documented, or
            otherwise.
        scroll_renews: Whether each page of the scroll has another token.
        oauth: The app that may ask for access, and how its codes are exchanged.
    """

    id_code: str = "sim4dev1"
    name: str = "Simulated workspace"
    region: Literal["us", "eu", "au"] = "us"
    timezone: str = "America/Los_Angeles"
    tokens: set[str] = field(default_factory=lambda: {"simulated-token"})
    refused_tokens: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    default_version: str = "2.11"
    verbatim: bool = False
    rate_limit: int = 1667
    latency: float = 0.0
    index_delay: float = 0.0
    deletions_delay: float = 0.0
    deletions_status: Literal[200, 401, 403, 404, 500] = 200
    paging: Literal["keyset", "offset"] = "keyset"
    date_header: bool = True
    inclusive_bounds: bool = False
    hidden: dict[str, set[str]] = field(default_factory=dict)
    missing_scopes: set[str] = field(default_factory=set)
    refused_paths: dict[str, str] = field(default_factory=dict)
    scope_status: Literal[401, 403] = 403
    contact_companies_key: Literal["data", "companies"] = "data"
    list_pages: int = 0
    scroll_end: Literal["empty", "gone", "refused", "null_list", "no_token"] = "empty"
    scroll_renews: bool = False
    faults: Faults = field(default_factory=Faults)
    oauth: OAuth = field(default_factory=OAuth)
    log: RequestLog = field(default_factory=RequestLog)
    quota: Quota = field(default_factory=Quota)
    scroll: Scroll = field(default_factory=Scroll)
    collections: dict[str, Collection] = field(default_factory=_collections)
    parts: dict[str, list[Record]] = field(default_factory=dict)
    notes: dict[str, list[Record]] = field(default_factory=dict)
    contact_segments: dict[str, list[str]] = field(default_factory=dict)
    company_segments: dict[str, list[str | Record]] = field(default_factory=dict)
    deleted_conversations: list[Record] = field(default_factory=list)
    merges: dict[str, Record] = field(default_factory=dict)
    namesakes: dict[str, list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)

    def collection(self, kind: str) -> Collection:
        """Returns the records of a kind, with every due change indexed."""
        if kind not in self.collections:
            raise KeyError(f"no records of kind {kind!r}; known are {', '.join(KEYS)}")
        collection = self.collections[kind]
        collection.settle(self.clock())
        return collection

    def find(self, kind: str, record_id: str) -> Record:
        """Returns the live record; raises `KeyError` where there is none."""
        record = self.collection(kind).find(record_id)
        if record is None:
            raise KeyError(f"{kind} has no record {record_id!r}")
        return record

    def now(self) -> int:
        """Reads the workspace's clock in whole seconds."""
        return int(self.clock())

    def truth(
        self, resource: str, version: str = "2.16", *, include_archived: bool = False
    ) -> list[Record]:
        """Returns exactly the records that a perfect sync of a resource sees."""
        parsed = versions.parse_version(version)
        if parsed is None:
            raise ValueError(f"version {version!r} is not served")
        return truth.of(self, resource, parsed, include_archived=include_archived)

    def shaped(self, kind: str, record: Record, version: versions.Version) -> Record:
        """Returns a record as a version of the API shows it."""
        return record if self.verbatim else versions.shaped(kind, record, version)

    def add(self, kind: str, record: Record) -> str:
        """Adds a record as given; fills in a missing key, type and times."""
        collection = self.collection(kind)
        filled = self._defaults(kind, collection.key) | record
        return self._store(kind, filled)

    def add_namesake(self, kind: str, full_name: str, fields: Record) -> None:
        """Adds a second attribute of a full name: another id, and fields of its own.

        `truth` has no part in it: Intercom does not say which of the two counts.
        """
        twin = self.find(kind, full_name) | {"id": uuid.uuid4().hex[:24]} | fields
        self.namesakes.setdefault(kind, []).append(twin)

    def touch(self, kind: str, record_id: str) -> None:
        """Sets a record's `updated_at` to now and changes nothing else."""
        self.patch(kind, record_id, {})

    def patch(self, kind: str, record_id: str, fields: Record, *, bump: bool = True) -> None:
        """Replaces fields of a record; `bump` sets `updated_at` to now."""
        times = {"updated_at": self.now()} if bump else {}
        self._store(kind, self.find(kind, record_id) | times | fields)

    def undate(self, kind: str, share: float) -> list[str]:
        """Takes `updated_at` from a share of the records, evenly spread; returns their ids.

        Real workspaces have such contacts and conversations; no search by that field finds them.
        """
        ids = self.collection(kind).ids()
        chosen = ids[:: max(round(1 / share), 1)] if share > 0 else []
        for record_id in chosen:
            self.patch(kind, record_id, {"updated_at": None}, bump=False)
        return chosen

    def delete(self, kind: str, record_id: str, *, metrics_retained: bool = False) -> None:
        """Removes a record; a conversation joins the deleted ones."""
        self.find(kind, record_id)
        self.collection(kind).remove(record_id, self._due(kind))
        if kind == "conversations":
            self.deleted_conversations.append(
                {
                    "type": "conversation",
                    "id": record_id,
                    "metrics_retained": metrics_retained,
                    "deleted_at": self.now(),
                }
            )

    def rename(self, kind: str, record_id: str, name: str) -> None:
        """Gives a tag, segment, team... another name.

        Companies and conversations show a tag's new name too, and are not dated anew.
        """
        record = self.find(kind, record_id)
        self.patch(kind, record_id, {"name": name}, bump="updated_at" in record)
        if kind == "tags":
            for holders in ("companies", "conversations"):
                self._rename_tag(holders, record_id, name)

    def reply(
        self,
        conversation_id: str,
        *,
        body: str = "<p>Hello again</p>",
        author: Record | None = None,
        part: Record | None = None,
    ) -> str:
        """Adds a part to a conversation and returns its id."""
        return add_reply(self, conversation_id, body=body, author=author, fields=part or {})

    def patch_part(self, conversation_id: str, part_id: str, fields: Record) -> None:
        """Replaces fields of a part and bumps its conversation."""
        now = {"updated_at": self.now()}
        self.parts[conversation_id] = [
            part | now | fields if str(part["id"]) == part_id else part
            for part in self.parts[conversation_id]
        ]
        self.touch("conversations", conversation_id)

    def delete_part(self, conversation_id: str, part_id: str) -> None:
        """Removes a part and bumps its conversation."""
        self.parts[conversation_id] = [
            part for part in self.parts[conversation_id] if str(part["id"]) != part_id
        ]
        self.touch("conversations", conversation_id)

    def merge_contacts(self, source: str, target: str) -> None:
        """Merges one contact into another: the source is gone, its id leads on."""
        gone = self.find("contacts", source)
        self.find("contacts", target)
        self.collection("contacts").remove(source, self._due("contacts"))
        self.merges[source] = {
            "target": target,
            "role": gone.get("role", "user"),
            "merged_at": self.now(),
        }
        self.touch("contacts", target)

    def canonical_contact(self, contact_id: str) -> str | None:
        """Follows merges, three at most, to the contact that is left."""
        target = None
        for _hop in range(3):
            if contact_id not in self.merges:
                break
            target = contact_id = self.merges[contact_id]["target"]
        return target

    def set_company_segments(self, company_id: str, segments: Sequence[str | Record]) -> None:
        """Sets the segments of a company (ids, or rows to be served verbatim).

        Nothing else changes: Intercom does not touch the company either.
        """
        self.find("companies", company_id)
        self.company_segments[company_id] = list(segments)

    def segments_of_company(self, company_id: str) -> list[Record]:
        """Returns the segment rows of a company, without counts."""
        return self._segment_rows(self.company_segments.get(company_id, []))

    def segments_of_contact(self, contact_id: str) -> list[Record]:
        """Returns the segment rows of a contact, without counts."""
        return self._segment_rows(self.contact_segments.get(contact_id, []))

    def state(self, *, with_ids: bool = True) -> Record:
        """Summarises the state: count and ids of every kind."""
        kinds: Record = {}
        for kind, collection in self.collections.items():
            kinds[kind] = {"count": len(collection)}
            if with_ids:
                kinds[kind]["ids"] = collection.ids()
        kinds["conversation_parts"] = {"count": sum(map(len, self.parts.values()))}
        return {"id_code": self.id_code, "region": self.region, "now": self.now(), "kinds": kinds}

    def _rename_tag(self, holders: str, tag_id: str, name: str) -> None:
        for record in list(self.collection(holders)):
            tags = listed(record, "tags", "tags")
            if any(tag["id"] == tag_id for tag in tags):
                shown = [tag | {"name": name} if tag["id"] == tag_id else tag for tag in tags]
                fields = {"tags": record["tags"] | {"tags": shown}}
                self.patch(holders, str(record["id"]), fields, bump=False)

    def _segment_rows(self, segments: Sequence[str | Record]) -> list[Record]:
        known = self.collection("segments")
        rows = [
            known.find(segment) if isinstance(segment, str) else segment for segment in segments
        ]
        return [
            {name: value for name, value in row.items() if name != "count"}
            for row in rows
            if row is not None
        ]

    def _defaults(self, kind: str, key: str) -> Record:
        times = {"created_at": self.now(), "updated_at": self.now()}
        kind_type = {"companies": "company"}.get(kind, kind.removesuffix("s"))
        return {"type": kind_type, key: uuid.uuid4().hex[:24], **times}

    def _store(self, kind: str, record: Record) -> str:
        return self.collection(kind).put(record, self._due(kind))

    def _due(self, kind: str) -> float:
        return self.clock() + (self.index_delay if kind in _DELAYED else 0.0)

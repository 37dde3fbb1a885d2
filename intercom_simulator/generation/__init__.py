"""Makes a workspace: realistic, hostile in places, and the same for the same seed.

No moment depends on the clock of the machine: all lie between 2023 and 2025.
"""

from dataclasses import dataclass

from intercom_simulator.contents import Contents
from intercom_simulator.generation import (
    activity,
    beside,
    companies,
    objects,
    operations,
    outbound,
    people,
    phone,
    plain,
    quality,
    readers,
    redirects,
    setup,
    tracked,
)
from intercom_simulator.generation.chance import Chance
from intercom_simulator.generation.contacts import ContactMaker
from intercom_simulator.generation.conversations import ConversationMaker
from intercom_simulator.generation.tickets import TicketMaker, with_forms
from intercom_simulator.records import Record
from intercom_simulator.workspace import Workspace

_LONG = 500
_OWN_STREAM = 1_000_003
"""Keeps the records of other kinds as they were before there were tickets."""


def generate(  # noqa: PLR0913 - every size has a name and a default
    *,
    seed: int = 7,
    contacts: int = 200,
    companies: int = 20,
    conversations: int = 50,
    parts_per_conversation: int = 12,
    long_conversations: int = 0,
    admins: int = 8,
    teams: int = 6,
    tags: int = 40,
    segments: int = 12,
    activity_logs: int = 300,
    deleted_conversations: int = 5,
    tickets: int = 120,
    long_tickets: int = 1,
    calls: int = 31,
    receipts: int = 90,
    workspace: Workspace | None = None,
) -> Workspace:
    """Fills a workspace (by default a new one) from a seed and returns it.

    `long_conversations` of the conversations, and `long_tickets` of the tickets, have over 500
    parts.
    """
    filled = Workspace() if workspace is None else workspace
    filling = _Filling(filled, Chance(seed))
    filling.set_up(admins=admins, teams=teams, tags=tags, segments=segments)
    filling.add_companies(companies)
    filling.add_contacts(contacts)
    lengths = [_LONG + 1 + 37 * (index + 1) for index in range(long_conversations)]
    filling.add_conversations(conversations, parts_per_conversation, lengths)
    filling.add_plain(seed)
    admin_records = list(filled.collection("admins"))
    filled.collection("activity_logs").fill(activity.logs(seed, admin_records, activity_logs))
    filled.deleted_conversations += activity.deleted_conversations(seed, deleted_conversations)
    filled.handling_events |= beside.handling_events(filled, seed)
    filled.side_conversations |= beside.side_conversations(filled, seed)
    filled.events |= tracked.events(filled, seed)
    filled.monitor_evaluations |= quality.monitor_evaluations(filled, seed)
    filled.scorecards |= quality.scorecards(filled, seed)
    schedules = operations.schedules(seed)
    filled.collection("office_hours_schedules").fill(schedules)
    filled.office_hours_exceptions |= operations.exceptions(seed, schedules)
    filled.connector_executions |= operations.executions(filled, seed)
    filled.team_loads |= operations.loads(filled, seed)
    filled.collection("custom_objects").fill(made := objects.custom_objects(seed))
    filled.custom_object_types += dict.fromkeys(str(one["type"]) for one in made)
    articles = list(filled.collection("articles"))
    filled.article_statistics |= readers.statistics(seed, articles)
    filled.article_versions |= readers.versions(seed, articles)
    centers = list(filled.collection("help_centers"))
    filled.redirects |= redirects.redirects(seed, centers, articles)
    filled.company_notes |= people.company_notes(filled, seed)
    filled.subscriptions |= people.subscriptions(filled, seed)
    filled.taggings |= people.taggings(filled, seed)
    filled.merges |= people.merges(filled, seed)
    people.tag_companies(filled, seed)
    filling.add_tickets(tickets, long_tickets, Chance(seed + _OWN_STREAM))
    filled.collection("calls").fill(phone.calls(filled, seed, calls))
    filled.transcripts |= phone.transcripts(filled, seed)
    filled.outbound |= outbound.outbound(
        seed, list(filled.collection("contacts")), list(filled.collection("companies")), receipts
    )
    return filled


@dataclass(frozen=True, slots=True)
class _Filling:
    """Fills one thing after the other; the order decides what chance draws."""

    contents: Contents
    chance: Chance

    def set_up(self, *, admins: int, teams: int, tags: int, segments: int) -> None:
        chance, id_code = self.chance, self.contents.id_code
        team_ids = [5_077_700 + index for index in range(teams)]
        people = setup.admins(chance, id_code, admins, team_ids)
        self._fill("admins", people)
        self._fill("teams", setup.teams(chance, teams, [int(each["id"]) for each in people]))
        self._fill("tags", setup.tags(tags))
        self._fill("segments", setup.segments(chance, segments))
        self._fill("contact_attributes", setup.contact_attributes(chance))
        self._fill("company_attributes", setup.company_attributes(chance))
        self._fill("conversation_data_attributes", setup.conversation_attributes(chance))
        self._fill("ticket_types", with_forms(setup.ticket_types(chance, id_code)))
        self._fill("ticket_states", setup.ticket_states())

    def add_companies(self, count: int) -> None:
        made = companies.companies(self.chance, self.contents.id_code, count)
        self._fill("companies", made)
        self.contents.company_segments = companies.company_segments(
            self.chance, made, self._made("segments")
        )

    def add_contacts(self, count: int) -> None:
        maker = ContactMaker(
            chance=self.chance,
            id_code=self.contents.id_code,
            tag_ids=self.contents.collection("tags").ids(),
            company_ids=self.contents.collection("companies").ids(),
            admins=self._made("admins"),
        )
        made = [maker.contact(index) for index in range(count)]
        self._fill("contacts", made)
        segment_ids = self.contents.collection("segments").ids()
        for index, contact in enumerate(made):
            if contact["notes"]["data"]:
                self.contents.notes[contact["id"]] = maker.notes(contact)
            if segment_ids and index % 4 == 0:
                self.contents.contact_segments[contact["id"]] = [self.chance.pick(segment_ids)]

    def add_conversations(self, count: int, mean_parts: int, lengths: list[int]) -> None:
        maker = ConversationMaker(
            chance=self.chance,
            contacts=self._made("contacts"),
            admins=self._made("admins"),
            teams=self._made("teams"),
            tags=self._made("tags"),
            companies=self._made("companies"),
        )
        made = []
        for index in range(count):
            length = lengths[index] if index < len(lengths) else self._length(mean_parts)
            started, parts = maker.parts(length)
            record = maker.conversation(index, started, parts)
            made.append(record)
            self.contents.parts[record["id"]] = parts
        self._fill("conversations", made)

    def add_plain(self, seed: int) -> None:
        for kind, records in plain.plain_records(seed, self.contents.id_code).items():
            self._fill(kind, records)

    def add_tickets(self, count: int, long: int, chance: Chance) -> None:
        maker = TicketMaker(
            chance=chance,
            types=self._made("ticket_types"),
            states=self._made("ticket_states"),
            contacts=self._made("contacts"),
            admins=self._made("admins"),
            teams=self._made("teams"),
            conversations=self._made("conversations"),
        )
        self._fill("tickets", [maker.ticket(index, long=index < long) for index in range(count)])

    def _length(self, mean: int) -> int:
        return int(self.chance.random.expovariate(1 / mean) + 0.5) if mean else 0

    def _fill(self, kind: str, records: list[Record]) -> None:
        self.contents.collection(kind).fill(records)

    def _made(self, kind: str) -> list[Record]:
        return list(self.contents.collection(kind))

"""Makes a workspace: realistic, hostile in places, and the same for the same seed.

No moment depends on the clock of the machine: all lie between 2023 and 2025.
"""

from dataclasses import dataclass

from intercom_simulator.generation import companies, setup
from intercom_simulator.generation.chance import Chance
from intercom_simulator.generation.contacts import ContactMaker
from intercom_simulator.generation.conversations import ConversationMaker
from intercom_simulator.records import Record
from intercom_simulator.workspace import Workspace

_LONG = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything to make. `long_conversations` have over 500 parts."""

    contacts: int = 200
    companies: int = 20
    conversations: int = 50
    parts_per_conversation: int = 12
    long_conversations: int = 0
    admins: int = 8
    teams: int = 6
    tags: int = 40
    segments: int = 12


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
    workspace: Workspace | None = None,
) -> Workspace:
    """Fills a workspace (by default a new one) from a seed and returns it."""
    filled = Workspace() if workspace is None else workspace
    sizes = Sizes(
        contacts=contacts,
        companies=companies,
        conversations=conversations,
        parts_per_conversation=parts_per_conversation,
        long_conversations=long_conversations,
        admins=admins,
        teams=teams,
        tags=tags,
        segments=segments,
    )
    _Filling(filled, Chance(seed), sizes).run()
    return filled


@dataclass(frozen=True, slots=True)
class _Filling:
    workspace: Workspace
    chance: Chance
    sizes: Sizes

    def run(self) -> None:
        self._set_up()
        self._add_companies()
        self._add_contacts()
        self._add_conversations()

    def _set_up(self) -> None:
        chance, sizes, id_code = self.chance, self.sizes, self.workspace.id_code
        team_ids = [5_077_700 + index for index in range(sizes.teams)]
        admins = setup.admins(chance, id_code, sizes.admins, team_ids)
        self._fill("admins", admins)
        self._fill("teams", setup.teams(chance, sizes.teams, [int(each["id"]) for each in admins]))
        self._fill("tags", setup.tags(sizes.tags))
        self._fill("segments", setup.segments(chance, sizes.segments))
        self._fill("contact_attributes", setup.contact_attributes(chance))
        self._fill("company_attributes", setup.company_attributes(chance))
        self._fill("conversation_attributes", setup.conversation_attributes(chance))
        self._fill("ticket_types", setup.ticket_types(chance, id_code))
        self._fill("ticket_states", setup.ticket_states())

    def _add_companies(self) -> None:
        made = companies.companies(self.chance, self.workspace.id_code, self.sizes.companies)
        self._fill("companies", made)
        self.workspace.company_segments = companies.company_segments(
            self.chance, made, self._made("segments")
        )

    def _add_contacts(self) -> None:
        maker = ContactMaker(
            chance=self.chance,
            id_code=self.workspace.id_code,
            tag_ids=self.workspace.collection("tags").ids(),
            company_ids=self.workspace.collection("companies").ids(),
            admins=self._made("admins"),
        )
        made = [maker.contact(index) for index in range(self.sizes.contacts)]
        self._fill("contacts", made)
        segment_ids = self.workspace.collection("segments").ids()
        for index, contact in enumerate(made):
            if contact["notes"]["data"]:
                self.workspace.notes[contact["id"]] = maker.notes(contact)
            if segment_ids and index % 4 == 0:
                self.workspace.contact_segments[contact["id"]] = [self.chance.pick(segment_ids)]

    def _add_conversations(self) -> None:
        maker = ConversationMaker(
            chance=self.chance,
            contacts=self._made("contacts"),
            admins=self._made("admins"),
            teams=self._made("teams"),
            tags=self._made("tags"),
            companies=self._made("companies"),
        )
        made = []
        for index in range(self.sizes.conversations):
            started, parts = maker.parts(self._part_count(index))
            record = maker.conversation(index, started, parts)
            made.append(record)
            self.workspace.parts[record["id"]] = parts
        self._fill("conversations", made)

    def _part_count(self, index: int) -> int:
        if index < self.sizes.long_conversations:
            return _LONG + 1 + 37 * (index + 1)
        mean = self.sizes.parts_per_conversation
        return int(self.chance.random.expovariate(1 / mean) + 0.5) if mean else 0

    def _fill(self, kind: str, records: list[Record]) -> None:
        self.workspace.collection(kind).fill(records)

    def _made(self, kind: str) -> list[Record]:
        return list(self.workspace.collection(kind))

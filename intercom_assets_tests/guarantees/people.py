"""What people do in a workspace, at random and repeatably."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from intercom_simulator import Record, Workspace

_NAMES = ("Ada", "Grace", "İlker 🙂", "", "O'Hara; DROP", "نور", "x" * 40)


@dataclass
class People:
    """People at work in a workspace.

    Attributes:
        workspace: Where they work.
        chance: Decides what they do.
        silent: Whether something happened that no incremental sync can see.
    """

    workspace: Workspace
    chance: Random
    silent: bool = False

    def act(self) -> str:
        """Do something at random; say what."""
        action = self.chance.choice(_ACTIONS)
        action(self)
        return action.__name__

    def touch(self) -> None:
        """Change nothing but the time of a record."""
        kind = self.chance.choice(("contacts", "conversations", "companies"))
        if record_id := self._any(kind):
            self.workspace.touch(kind, record_id)

    def reply(self) -> None:
        """Write in a conversation."""
        if record_id := self._any("conversations"):
            part = {"id": str(self.chance.getrandbits(48))}
            self.workspace.reply(record_id, body=self.chance.choice(_NAMES), part=part)

    def add(self) -> None:
        """Add a record or several in one second."""
        kind = self.chance.choice(("contacts", "conversations", "companies", "tags"))
        for _ in range(self.chance.choice((1, 1, 2, 9))):
            own_id = f"{self.chance.getrandbits(64):016x}"
            self.workspace.add(kind, {"id": own_id, "name": self.chance.choice(_NAMES)})

    def patch(self) -> None:
        """Change fields of a record, sometimes to another type."""
        kind = self.chance.choice(("contacts", "conversations", "companies"))
        fields: Record = self.chance.choice(
            (
                {"name": self.chance.choice(_NAMES)},
                {"custom_attributes": {"plan": self.chance.choice((1, "one", None, [1], 2.5))}},
                {"unknown_field": {"deep": [self.chance.random()]}},
                {"custom_attributes": {"archived_too": True}},
            )
        )
        if record_id := self._any(kind):
            self.workspace.patch(kind, record_id, fields)

    def patch_part(self) -> None:
        """Change or delete a part of a conversation."""
        conversation_id = self._any("conversations")
        parts = self.workspace.parts.get(conversation_id or "", [])
        if conversation_id is None or not parts:
            return
        part_id = str(self.chance.choice(parts)["id"])
        if self.chance.random() < 0.5:
            self.workspace.delete_part(conversation_id, part_id)
        else:
            body = self.chance.choice(_NAMES)
            self.workspace.patch_part(conversation_id, part_id, {"body": body})

    def work_on_ticket(self) -> None:
        """Create, change, answer or delete a ticket, or change its parts."""
        ticket_id, own_id = self._any("tickets"), str(self.chance.getrandbits(48))
        what = self.chance.randrange(6)
        if ticket_id is None or what == 0:
            self.workspace.add("tickets", {"id": own_id, "ticket_id": own_id})
        elif what == 1:
            self.silent = True
            self.workspace.delete("tickets", ticket_id)
        elif what == 2:
            self.workspace.patch("tickets", ticket_id, {"is_shared": self.chance.random() < 0.5})
        elif what == 3 and (parts := self.workspace.parts_of_ticket(ticket_id)):
            body = self.chance.choice(_NAMES)
            kept = [] if self.chance.random() < 0.5 else [{**parts[0], "body": body}]
            self.workspace.set_ticket_parts(ticket_id, [*kept, *parts[1:]])
        else:
            self.workspace.answer_ticket(ticket_id, body=self.chance.choice(_NAMES), own_id=own_id)

    def set_up(self) -> None:
        """Rename a tag or segment, archive or retype an attribute."""
        kind = self.chance.choice(("tags", "segments", "contact_attributes"))
        if (record_id := self._any(kind)) is None:
            return
        if kind == "contact_attributes":
            fields = self.chance.choice(({"archived": True}, {"data_type": "integer"}))
            self.workspace.patch(kind, record_id, fields)
        else:
            # Conversations show the new name of a tag and are not dated anew.
            self.silent = self.silent or kind == "tags"
            self.workspace.rename(kind, record_id, self.chance.choice(_NAMES))

    def delete_listed(self) -> None:
        """Delete something that lists show: a tag or a company."""
        kind = self.chance.choice(("tags", "companies"))
        if record_id := self._any(kind):
            self.workspace.delete(kind, record_id)

    def delete(self) -> None:
        """Delete a contact, which nothing tells, or a conversation, which a list does."""
        kind = self.chance.choice(("contacts", "conversations"))
        if record_id := self._any(kind):
            self.silent = self.silent or kind == "contacts"
            self.workspace.delete(kind, record_id)

    def log_in(self) -> None:
        """Do what is logged, once or several times in one second."""
        for _ in range(self.chance.choice((1, 2, 30))):
            self.workspace.log_activity(id=f"{self.chance.getrandbits(64):016x}")

    def merge(self) -> None:
        """Merge a contact into another."""
        ids = self.workspace.collection("contacts").ids()
        if len(ids) > 1:
            self.silent = True
            self.workspace.merge_contacts(*self.chance.sample(ids, 2))

    def move_company(self) -> None:
        """Put a company in other segments, which does not date it anew."""
        segments = self.workspace.collection("segments").ids()
        if record_id := self._any("companies"):
            self.silent = True
            chosen = self.chance.sample(segments, min(self.chance.randrange(4), len(segments)))
            self.workspace.set_company_segments(record_id, chosen)

    def change_silently(self) -> None:
        """Change a record without dating it anew."""
        kind = self.chance.choice(("contacts", "conversations"))
        if record_id := self._any(kind):
            self.silent = True
            fields = {"name": self.chance.choice(_NAMES)}
            self.workspace.patch(kind, record_id, fields, bump=False)

    def undate(self) -> None:
        """Take the date from a record, or give it the date 0: no search by it finds it then."""
        kind = self.chance.choice(("contacts", "conversations"))
        if record_id := self._any(kind):
            self.silent = True
            fields = {"updated_at": self.chance.choice((None, None, 0))}
            self.workspace.patch(kind, record_id, fields, bump=False)

    def _any(self, kind: str) -> str | None:
        ids = self.workspace.collection(kind).ids()
        return self.chance.choice(ids) if ids else None


_ACTIONS: tuple[Callable[[People], None], ...] = (
    People.touch,
    People.touch,
    People.reply,
    People.reply,
    People.add,
    People.patch,
    People.patch,
    People.patch_part,
    People.work_on_ticket,
    People.work_on_ticket,
    People.set_up,
    People.delete_listed,
    People.delete,
    People.log_in,
    People.merge,
    People.move_company,
    People.change_silently,
    People.undate,
)

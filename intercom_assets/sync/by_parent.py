"""Children of the parents that are due: those whose stored version changed, rule 7."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import quote

import anyio

from intercom_assets.catalog.resource import ByParent, Child, SinglePage
from intercom_assets.errors import NotFound, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import read_list
from intercom_assets.schema.coerce import to_timestamp
from intercom_assets.schema.types import Json, Record
from intercom_assets.sync.batch import Batch, Checkpoint, WholeList
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading
from intercom_assets.warehouse.warehouse import ParentVersion

_CHUNK = 5_000
_RUN = 50
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class _Family:
    """A parent and what Intercom returned of its children.

    Attributes:
        parent: The parent's version that was due.
        children: Rows of what was returned; None where the parent had vanished.
        newer_than: Microseconds since 1970 where only newer children were returned.
    """

    parent: ParentVersion
    children: list[bytes] | None
    newer_than: int | None = None


async def read_by_parent(reading: Reading, child: Child, link: ByParent) -> AsyncGenerator[Batch]:
    """Read the children of each due parent, in the order of the parents' versions."""
    after = reading.start.after
    done = 0
    while True:
        due = await anyio.to_thread.run_sync(reading.due, after, _CHUNK)
        families: list[_Family] = []

        async def read(parent: ParentVersion) -> _Family:
            return await _read_family(reading, child, link, parent)

        async for family in in_order(read, due, CONNECTIONS):
            families.append(family)
            if len(families) == _RUN:
                done += len(families)
                yield _batch(reading, families, done)
                families = []
        done += len(families)
        if families:
            yield _batch(reading, families, done)
        if len(due) < _CHUNK:
            return
        after = (due[-1].synced_at, due[-1].key)


def _batch(reading: Reading, families: list[_Family], done: int) -> Batch:
    last = families[-1].parent
    return Batch(
        rows=[row for family in families for row in family.children or ()],
        returned=sum(len(family.children or ()) for family in families),
        checkpoint=Checkpoint(parent=(last.synced_at, last.key)),
        whole=[
            WholeList(family.parent.key, family.newer_than)
            for family in families
            if family.children is not None
        ],
        vanished=sum(family.children is None for family in families),
        total=reading.due_total,
        done=done,
    )


async def _read_family(
    reading: Reading, child: Child, link: ByParent, parent: ParentVersion
) -> _Family:
    if parent.deleted:
        return _Family(parent, [])
    path = child.path.replace("{id}", quote(parent.key, safe=""))
    try:
        call = Call(path=path, needs=(child.records,))
        page = await read_list(reading.session, call, SinglePage())
    except NotFound:
        return _Family(parent, None)
    except TransientError as error:
        if error.status == 404 and await _is_gone(reading, child, parent):
            return _Family(parent, None)
        raise
    children = [{**record, link.key: parent.key} for record in page.records]
    newer_than = _newer_than(child, link, page.body, children)
    return _Family(parent, reading.shaper.lines(children), newer_than)


async def _is_gone(reading: Reading, child: Child, parent: ParentVersion) -> bool:
    # Intercom answers some vanished parents with a bare page of its proxy, which says nothing;
    # the parent itself is asked for then.
    own, _, rest = child.path.partition("{id}")
    if not rest:
        return False
    try:
        await reading.session.ask(Call(path=f"{own}{quote(parent.key, safe='')}"))
    except NotFound:
        return True
    return False


def _newer_than(child: Child, link: ByParent, answer: Record, children: list[Record]) -> int | None:
    """Say from where on the list is whole: from its oldest child where Intercom capped it."""
    if child.cap is None or link.newest is None:
        return None
    total = _total(answer, child.records)
    whole = len(children) >= total if total is not None else len(children) < child.cap
    if whole:
        return None
    dates = [to_timestamp(record.get(link.newest)) for record in children]
    known = [date for date in dates if isinstance(date, int) and not isinstance(date, bool)]
    return min(known) if known and len(known) == len(dates) else _NEVER


def _total(body: Record, keys: tuple[str, ...]) -> int | None:
    value: Json = body
    for key in (*keys[:-1], "total_count"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None

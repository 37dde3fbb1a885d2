"""The datasets of Intercom's reports: which attributes those of a workspace have.

An attribute has a simple id, which is also what the CSV calls it, and from 2.16 on a qualified one,
which a job is asked with: `standard.channel`, or `people.channel` for one that the workspace added.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from intercom_assets.catalog.endpoints import ReportExport
from intercom_assets.catalog.types import Json
from intercom_assets.errors import PermanentError, RequestInfo
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.responses import Places, Response, records_at

_LISTED: Places = (("data",),)
_ADDED = frozenset({"people", "conversation", "company"})
"""What qualifies attributes that a workspace adds."""


class Attribute(NamedTuple):
    """An attribute, and the column or the key in the JSON column that holds it."""

    id: str
    qualified_id: str
    held: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as a workspace has it.

    Attributes:
        time: What holds the time by which windows are exported; empty if that is no attribute.
        left_out: Ids of attributes that are not asked for, as another has their simple id.
    """

    attributes: tuple[Attribute, ...]
    time: str
    left_out: tuple[str, ...]

    @property
    def asked(self) -> list[str]:
        """The ids to ask for."""
        return [one.qualified_id for one in self.attributes]

    @property
    def names(self) -> dict[str, str]:
        """What holds an attribute, by how a CSV may spell it, in lower case."""
        ids = {one.id.lower(): one.held for one in self.attributes}
        return ids | {one.qualified_id.lower(): one.held for one in self.attributes}


def datasets_call(report: ReportExport) -> Call:
    """Return the request for all datasets."""
    return Call(path=report.datasets, needs=_LISTED)


def find_dataset(report: ReportExport, answer: Response, columns: Collection[str]) -> Dataset:
    """Return the dataset of a report, whose own columns are named.

    Of several attributes with one simple id only the first is asked for: a CSV could show any, and
    one that settings hide under the name of another.

    Raises:
        PermanentError: The workspace lacks the dataset, or what tells its records apart.
    """
    listed = [one for one in records_at(answer.body, _LISTED) or () if isinstance(one, dict)]
    found = next((one for one in listed if one.get("id") == report.dataset), None)
    request = RequestInfo(method="GET", path=report.datasets, status=200)
    if found is None:
        ids = ", ".join(str(one.get("id")) for one in listed)
        raise PermanentError(
            replace(request, message=f"it has {ids or 'none'}"),
            f"This workspace has no reporting dataset {report.dataset!r}",
            "Remove the resource that reads it from the settings, or ask Intercom about your plan",
        )
    attributes, left_out = _attributes(found.get("attributes"), columns)
    default = found.get("default_time_attribute_id")
    time = next((one.held for one in attributes if default in {one.id, one.qualified_id}), "")
    lacking = [name for name in report.key if name not in {one.held for one in attributes}]
    if lacking or (report.numbered and not time):
        raise PermanentError(
            replace(request, message=f"no {', '.join(lacking) or default}"),
            f"The reporting dataset {report.dataset!r} lacks what tells its records apart",
            "Remove the resource that reads it from the settings, or ask Intercom about your plan",
        )
    return Dataset(attributes, time, left_out)


def _attributes(
    listed: Json, columns: Collection[str]
) -> tuple[tuple[Attribute, ...], tuple[str, ...]]:
    ids = [
        (str(one["id"]), str(one.get("qualified_id") or one["id"]))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("id")
    ]
    own = {name.lower(): name for name in columns}
    taken = dict[str, str]()
    found, left_out = list[Attribute](), list[str]()
    # Intercom's own first, so that they get their columns.
    for simple, qualified in sorted(ids, key=lambda one: _is_added(one[1])):
        if (name := simple.lower()) not in taken:
            taken[name] = qualified
            held = own.get(name) or (qualified if _is_added(qualified) else simple)
            found.append(Attribute(simple, qualified, held))
        elif qualified != taken[name]:
            left_out.append(qualified)
    return tuple(found), tuple(left_out)


def _is_added(qualified_id: str) -> bool:
    return qualified_id.partition(".")[0] in _ADDED

"""What a sync knows of its source: the names of its tables, and from when on it reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from intercom_assets.catalog.resource import Resource
from intercom_assets.warehouse.base import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The settings of a source that a sync needs.

    Attributes:
        name: Name of the source.
        schema: Schema of its tables.
        prefix: Prefix of its tables, verbatim.
        start_date: Records updated before this are not kept.
        lookback: How far before the cursor a window starts.
    """

    name: str
    schema: str
    prefix: str
    start_date: datetime | None = None
    lookback: timedelta = timedelta(hours=1)

    def target(self, resource: Resource) -> Target:
        """Name the table of a resource."""
        return Target(self.schema, f"{self.prefix}rudder_{resource.name}", resource.table)


class Preview(Enum):
    """What a materialization shows of the rows that were read."""

    MASKED = "masked"
    PLAIN = "plain"
    NONE = "none"

"""Every synced resource, declared as one frozen value. No input or output."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from intercom_assets.catalog.families.inbox import INBOX
from intercom_assets.catalog.families.knowledge import KNOWLEDGE
from intercom_assets.catalog.families.outbound import OUTBOUND
from intercom_assets.catalog.families.people import PEOPLE
from intercom_assets.catalog.families.reports import REPORTS
from intercom_assets.catalog.families.tickets import TICKETS
from intercom_assets.catalog.families.workspace import WORKSPACE
from intercom_assets.catalog.resource import NEWEST, OLDEST, ApiVersion, Level, Resource

__all__ = ["CATALOG", "NEWEST", "OLDEST", "ApiVersion", "Catalog", "Level", "Resource"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Resources by name, parents before their children, and the family of each.

    Raises:
        ValueError: Two resources share a name, or a parent or original is missing; names the
            resource.
    """

    families: Mapping[str, tuple[Resource, ...]]
    resources: tuple[Resource, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Reject duplicate names and missing parents."""
        resources = (resource for family in self.families.values() for resource in family)
        object.__setattr__(self, "resources", tuple(resources))
        seen: set[str] = set()
        for resource in self.resources:
            if resource.name in seen:
                raise ValueError(f"resource {resource.name!r} is declared twice")
            if resource.parent is not None and resource.parent not in seen:
                raise ValueError(
                    f"resource {resource.name!r}: parent {resource.parent!r} is not declared before"
                )
            if resource.copied is not None and resource.copied.of not in seen:
                raise ValueError(
                    f"resource {resource.name!r}: {resource.copied.of!r} is not declared before"
                )
            seen.add(resource.name)

    def __iter__(self) -> Iterator[Resource]:
        """Iterate over the resources in order of declaration."""
        return iter(self.resources)

    def __getitem__(self, name: str) -> Resource:
        """Return a resource by name.

        Raises:
            KeyError: No resource has that name.
        """
        for resource in self.resources:
            if resource.name == name:
                return resource
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order of declaration."""
        return tuple(resource.name for resource in self.resources)

    def family_of(self, name: str) -> str:
        """Return the family of a resource."""
        families = self.families.items()
        return next(family for family, those in families if name in {one.name for one in those})

    def up_to(self, level: Level, version: ApiVersion) -> tuple[Resource, ...]:
        """Return the resources of a level and those below it that an API version has."""
        return tuple(one for one in self.resources if one.level <= level and one.since <= version)

    def select(self, names: Iterable[str]) -> tuple[Resource, ...]:
        """Return the named resources in order of declaration."""
        wanted = set(names)
        return tuple(one for one in self.resources if one.name in wanted)


CATALOG = Catalog(
    {
        "workspace": WORKSPACE,
        "people": PEOPLE,
        "inbox": INBOX,
        "tickets": TICKETS,
        "knowledge": KNOWLEDGE,
        "outbound": OUTBOUND,
        "reporting": REPORTS,
    }
)

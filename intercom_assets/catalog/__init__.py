"""What is synced: every resource as one frozen value. Declarations only, no input and output."""

from intercom_assets.catalog.catalog import CATALOG, Catalog
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.version import NEWEST, OLDEST, ApiVersion

__all__ = ["CATALOG", "NEWEST", "OLDEST", "ApiVersion", "Catalog", "Resource"]

"""Which columns of a table come from another table."""

import dagster as dg

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.resource import ByParent


def column_lineage(source: str, resource: Resource) -> dict[str, dg.TableColumnLineage]:
    """Give the metadata: a child's key of its parent is read from there, all else from Intercom."""
    link = resource.replication
    if not isinstance(link, ByParent):
        return {}
    [key] = CATALOG[link.parent].primary_key
    origin = dg.TableColumnDep(asset_key=dg.AssetKey([source, link.parent]), column_name=key)
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column={link.key: [origin]})}

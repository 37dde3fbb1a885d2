"""`intercom-assets query`: a look into the tables without another tool."""

import sys

import click

from intercom_assets.cli.demo import demo_or_real
from intercom_assets.cli.project import find_project
from intercom_assets.cli.tables import print_table
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.orchestration.warehouses import open_warehouse


@click.command()
@click.argument("sql")
@click.option("--source", metavar="NAME", help="Source whose database is asked.")
def query(sql: str, source: str | None) -> None:
    """Ask the database of a source in SQL; what the statement changes is not kept.

    Without an access token this asks the demo's database.

    \b
    Example: intercom-assets query "SELECT name, size FROM intercom.rudder_companies LIMIT 5"
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    try:
        chosen = find_project().sources((source,) if source else ())[0]
        with open_warehouse(demo_or_real(chosen).warehouse) as warehouse:
            answer = warehouse.query(sql)
    except IntercomAssetsError as error:
        click.echo(f"intercom-assets: {error}", err=True)
        sys.exit(2)
    rows = [list(row.values()) for row in answer.to_pylist()]
    print_table(answer.column_names, rows, left=len(answer.column_names))

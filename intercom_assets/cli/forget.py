"""`intercom-assets forget`: erase what is stored of contacts."""

from typing import assert_never

import click

from intercom_assets.cli.demo import only_source
from intercom_assets.cli.display.output import FAILED
from intercom_assets.engine.forget import Stored, forget, stored_of
from intercom_assets.engine.progress import counted
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.warehouse.erasure import Erasure, Replacement

_LEFT = """\
What Intercom still has may come back with a later sync: delete it there first, then forget again.
Not reached: what others wrote about a contact; tickets, calls and exports; former blocks of a
DuckDB file, Snowflake's Time Travel, backups, and tables built from these. docs/privacy.md says
what to do about them."""


def forget_contacts(source: str | None, ids: tuple[str, ...], *, sure: bool) -> int:
    """Show what is stored of contacts, ask, and erase it; return the exit code."""
    settings = only_source(source)
    with open_warehouse(settings.warehouse) as warehouse:
        stored = stored_of(settings.source, warehouse, ids)
        if unknown := [one for one in ids if one not in stored.known]:
            click.echo(
                f"intercom-assets: Nothing is stored of {', '.join(unknown)}, so nothing was "
                "changed. Give ids of contacts in these tables",
                err=True,
            )
            return FAILED
        _show(stored)
        if not sure:
            click.confirm("Forget that for good?", abort=True, err=True)
        forget(settings.source, warehouse, ids)
    click.echo(f"Forgotten. {_LEFT}", err=True)
    return 0


def _show(stored: Stored) -> None:
    for erasing in stored.tables.values():
        for one, count in erasing.items():
            rows = f"{one.table}: {counted(count, 'row')}"
            match one:
                case Replacement(column=column):
                    what = f"whose list {column} loses them"
                case Erasure(columns=()):
                    what = "to delete"
                case Erasure():
                    what = "to be rid of personal data"
                case _:
                    assert_never(one)
            click.echo(f"{rows} {what}", err=True)

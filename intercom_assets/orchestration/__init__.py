"""Dagster: assets, IO manager, connection, schedules. Nothing here speaks HTTP or SQL."""

"""The Dagster layer: assets, IO manager, connections, schedules. No HTTP or SQL here."""

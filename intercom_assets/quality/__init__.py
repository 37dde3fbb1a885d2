"""Checks of stored tables and views, independent of Dagster."""

"""Stores rows and cursors, in one transaction. Independent of Intercom and Dagster."""

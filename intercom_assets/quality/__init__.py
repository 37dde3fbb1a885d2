"""What makes stored rows right: the checks of tables and views, without Dagster."""

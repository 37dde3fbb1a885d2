"""The Dagster project as its users meet it: settings, assets, jobs, failures, launches."""

"""One folder per source; see `intercom/defs.yaml`."""

"""The files under deploy/: what they say is loaded, and what can be run of them is run."""

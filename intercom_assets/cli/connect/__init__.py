"""Connecting a source: the consent page, its server and the `.env` file."""

"""Views over the synced tables: which columns they have, and their creation."""

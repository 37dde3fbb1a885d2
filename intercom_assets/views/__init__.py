"""Views over the synced tables: which columns they have, and what became of them."""

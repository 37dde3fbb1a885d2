"""One suite for every warehouse: what holds for one holds for all."""

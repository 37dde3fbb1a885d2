"""What a sync reads, one module per kind of read."""

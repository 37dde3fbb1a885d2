"""What a sync costs, counted and never timed."""

"""The documents: what they show works, and what they list is current."""

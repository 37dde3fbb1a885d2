"""How fast each support team answers, and what their contacts think of it."""

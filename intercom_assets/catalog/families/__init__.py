"""The declared resources, by family."""

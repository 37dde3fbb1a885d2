"""Exports: jobs that make a file, and what is in it."""

"""Dagster's UI as a person sees it: pages opened and buttons pressed in Chromium."""

"""Settings of a source, read from a file and variables, with all problems reported at once."""

"""Settings of a source: declared once, read from a file and from variables, refused all at once."""

"""What a person sees of a run: moving lines or plain ones, tables, and what a terminal can show."""

"""The display of a run: live or plain progress lines, tables, and terminal capabilities."""

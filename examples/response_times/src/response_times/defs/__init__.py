"""What `dg` finds: the source of Intercom, and the assets beside it."""

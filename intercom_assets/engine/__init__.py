"""The sync engine: what to request, how records become rows, and when they are committed.

It joins Intercom and the warehouse, and knows nothing of Dagster.
"""

SYNC_OPTIONS = {
    "full_refresh": "Forget the cursors, read everything again, and mark what is gone as deleted. "
    "No reader of the tables misses a row meanwhile.",
    "reconcile": "Afterwards compare every stored row with Intercom: fetch what syncs missed, and "
    "mark what Intercom confirms as gone.",
    "force": "Let a reconcile continue where more than a tenth of the rows are missing, and mark "
    "them where a list depends on permissions.",
    "since": "Read what was updated from this UTC date or time on, if that is earlier than the "
    "cursor: 2024-01-31 or 2024-01-31T12:00:00Z.",
    "until": "Backfill a range, from the time of since to before this one: what was updated in it "
    "is merged; nothing is marked, and the cursor stays. What Intercom cannot filter by time is "
    "synced as without it.",
}
"""What a sync may be asked beyond its settings, as the command line and Dagster explain it."""

"""The sync engine: what to request, how records become rows, and when they are committed.

It joins Intercom and the warehouse, and knows nothing of Dagster.
"""

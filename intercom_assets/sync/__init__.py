"""The engine: what is asked for, how records become rows, when they are committed.

It joins Intercom and the warehouse; it knows nothing of Dagster.
"""

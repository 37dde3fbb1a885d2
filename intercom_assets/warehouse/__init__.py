"""Where rows land: tables, cursors and the transaction that moves both.

Nothing here knows Intercom or Dagster.
"""

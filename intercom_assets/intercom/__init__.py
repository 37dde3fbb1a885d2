"""How Intercom speaks: requests, answers, pages, quota. The only importer of httpx.

Nothing here knows tables or cursors that are stored.
"""

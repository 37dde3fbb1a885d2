"""How Intercom speaks: requests, answers, pages, quota. The only importer of httpx.

Nothing here knows tables or cursors that are stored.
"""

REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
"""Host of each region's API."""

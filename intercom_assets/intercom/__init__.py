"""Intercom's API over HTTP: requests, responses, pages and quota.

Only this package imports httpx; it knows nothing of tables or stored cursors.
"""

REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
"""API hosts by region."""

"""Where Intercom keeps workspaces; settings know it without a client."""

REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
"""Host of each region's API."""

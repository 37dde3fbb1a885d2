"""The simulator against Intercom's own documents, and its control actions."""

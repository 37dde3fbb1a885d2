"""Every tests."""

"""The examples: projects of people who use this package."""

"""Versions of Intercom's API, in their numeric order: 2.9 comes before 2.10."""

import re
from typing import NamedTuple


class ApiVersion(NamedTuple):
    """A version of Intercom's REST API.

    https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/api-changelog
    """

    major: int
    minor: int

    @classmethod
    def parse(cls, value: str) -> "ApiVersion":
        """Read `2.16`.

        Raises:
            ValueError: It is not two numbers joined by a dot.
        """
        if not re.fullmatch(r"\d{1,3}\.\d{1,3}", value):
            raise ValueError(f"{value!r} is not a version such as 2.16")
        major, minor = value.split(".")
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        """Write it as Intercom does."""
        return f"{self.major}.{self.minor}"


OLDEST = ApiVersion(2, 1)
"""Older versions lack what a sync needs."""

NEWEST = ApiVersion(2, 16)
"""The newest version that the catalogue was compared with."""

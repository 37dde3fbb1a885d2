"""Explains Snowflake's errors and their remedies.

Numbers are those of Snowflake and its connector; numbers that mean the same to users share a line.
https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#errors
"""

import re
from dataclasses import dataclass

from snowflake.connector import errors

from intercom_assets.errors import WarehouseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The account and user of a login, for messages; contains no secret.

    Role and virtual warehouse are None for the user's defaults.
    """

    account: str
    user: str
    role: str | None
    warehouse: str | None
    database: str

    def __str__(self) -> str:
        """Return the account and database."""
        return f"Snowflake account {self.account}, database {self.database}"


class PassingError(WarehouseError):
    """A temporary failure, such as a lost connection, that a new session may not repeat."""


NOT_THERE = frozenset({2003, 2043})
"""Numbers for an object that does not exist or is not visible."""

_PASSING_CLASSES = (
    errors.BadGatewayError,
    errors.GatewayTimeoutError,
    errors.InternalServerError,
    errors.OtherHTTPRetryableError,
    errors.RequestExceedMaxRetryError,
    errors.RequestTimeoutError,
    errors.ServiceUnavailableError,
    errors.TokenExpiredError,
    errors.TooManyRequests,
)
_PASSING = frozenset({
    603, 604, 608, 625, 627,  # internal error, cancelled, warehouse resuming, locks
    250001, 250002, 250003, 250005, 251010, 251011, 251012,  # connection not made, closed, lost
    252006, 252007, 252010, 252013,  # truncated result
    253002, 253003,  # failed file transfer
    300005,  # service not available
    390111, 390112, 390113, 390114, 390115,  # the session ended
})  # fmt: skip
_SIGNIN = "Snowflake refused to log in user {user} at account {account}"
_ANSWERS = {
    390100: f"{_SIGNIN}: wrong user name or password. Check SNOWFLAKE_USER and SNOWFLAKE_PASSWORD",
    390101: f"{_SIGNIN}: the user is disabled. Ask who administers the account",
    390102: f"{_SIGNIN}: the user is locked for some minutes after failed logins. Wait, or ask who "
    "administers the account to unlock it",
    390106: f"{_SIGNIN}: the password has expired. Set a new one in Snowflake's web interface, "
    "or use a key pair, which does not expire",
    390144: f"{_SIGNIN}: the key pair does not fit. Register the public key (ALTER USER {{user}} "
    "SET RSA_PUBLIC_KEY = '…'), and check that the clock of this machine is right",
    390189: "Role {role} does not exist, or was not granted to user {user}. "
    "Grant it (GRANT ROLE {role} TO USER {user}), or change SNOWFLAKE_ROLE",
    390201: "Warehouse {warehouse} or database {database} does not exist, or role {role} may not "
    "use it. Check SNOWFLAKE_WAREHOUSE and SNOWFLAKE_DATABASE, and the grants in "
    "docs/snowflake.md",
    390303: f"{_SIGNIN}: the OAuth token is not valid. Put a new one into SNOWFLAKE_TOKEN",
    390318: f"{_SIGNIN}: the OAuth token has expired. Put a new one into SNOWFLAKE_TOKEN",
    390422: f"{_SIGNIN}: a network policy does not let this machine in. Ask who administers it",
    290403: "There is no Snowflake account {account}. Check SNOWFLAKE_ACCOUNT (such as "
    "myorg-myaccount, without .snowflakecomputing.com)",
    606: "No warehouse is in use. Set SNOWFLAKE_WAREHOUSE to one that role {role} may use "
    "(GRANT USAGE ON WAREHOUSE … TO ROLE …)",
    3001: "Role {role} lacks a privilege for this. Grant it what docs/snowflake.md lists",
    90073: "Warehouse {warehouse} cannot be resumed: its resource monitor's quota is used up. "
    "Ask who administers the account",
    2003: "What a statement names does not exist, or role {role} may not see it. Grant it what "
    "docs/snowflake.md lists",
    90105: "Database {database} does not exist, or role {role} may not use it. Check "
    "SNOWFLAKE_DATABASE, and the grants in docs/snowflake.md",
}
_SAME = {290404: 290403, 250007: 290403, 251009: 290403, 390105: 390102, 390432: 390422, 2043: 2003}
_WORDS = (
    (re.compile(r"password.{0,40}expired|expired.{0,40}password", re.IGNORECASE), 390106),
    (re.compile(r"JWT token is invalid", re.IGNORECASE), 390144),
    (re.compile(r"404 Not Found|HTTP 40[34]", re.IGNORECASE), 290403),
    (re.compile(r"resource monitor", re.IGNORECASE), 90073),
)


def explained(error: errors.Error, login: Login, what: str) -> WarehouseError:
    """Convert an error of the connector to one that explains it.

    Args:
        error: The error.
        login: The login in use.
        what: Subject of the failed work.

    Returns:
        `PassingError` if a new session may help.
    """
    number = _number(error)
    told = first_line(error)
    if number in _ANSWERS:
        answer = _ANSWERS[number].format(
            account=login.account,
            user=login.user,
            role=login.role or "of the user's default",
            warehouse=login.warehouse or "of the user's default",
            database=login.database,
        )
        return WarehouseError(f"{answer}. [{what}. Snowflake: {told}]")
    said = f"[{what}, {login}. Snowflake: {told}]"
    if number in _PASSING or isinstance(error, _PASSING_CLASSES):
        return PassingError(
            f"The session with Snowflake was lost, or refused for the moment. Run again. {said}"
        )
    return WarehouseError(
        f"Snowflake refused a statement. Fix what it reports, then run again. {said}"
    )


def first_line(error: errors.Error) -> str:
    """Return the connector's message on one line, shortened."""
    return " ".join(str(error.msg or error).split())[:500]


def _number(error: errors.Error) -> int:
    number = int(error.errno or -1)
    number = _SAME.get(number, number)
    if number in _ANSWERS:
        return number
    told = str(error.msg or "")
    return next((meant for words, meant in _WORDS if words.search(told)), number)

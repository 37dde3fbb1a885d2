"""Writes variables into `.env`: keeps other lines, replaces the file atomically, mode 600."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from tempfile import TemporaryFile

from dotenv import set_key

from intercom_assets.errors import ConfigurationError

_PLAIN = re.compile(r"[\w.:/+=@~-]*", re.ASCII)


def check_writable(path: Path) -> None:
    """Check that variables can be written, without changing the file.

    Raises:
        ConfigurationError: They cannot be written; the message says why.
    """
    with _explained(path):
        target = path.resolve()
        if target.exists() and not S_ISREG(target.stat().st_mode):
            raise ConfigurationError(
                f"{path} is no file. Remove it, or put the variables elsewhere"
            )
        if target.exists() and not os.access(target, os.W_OK):
            raise ConfigurationError(f"{target} is write-protected. Run chmod u+w {target}")
        try:
            target.exists() and target.read_text("utf-8")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{target} is not UTF-8 text. Save it as UTF-8") from None
        # The new file is created next to the old one and then replaces it.
        with TemporaryFile(dir=target.parent):
            pass


def write_variables(path: Path, values: Mapping[str, str]) -> None:
    """Set variables in a file of `NAME=value` lines.

    An existing variable is replaced in place, along with blank lines directly above it. A symbolic
    link stays a link. Afterwards only the owner can read the file.

    Raises:
        ConfigurationError: The file cannot be written, or it cannot express a value.
    """
    check_writable(path)
    for name, value in values.items():
        if "${" in value or "\0" in value:
            raise ConfigurationError(
                f"The value of {name} cannot be expressed in a file of variables. Set it in the "
                "environment instead"
            )
    with _explained(path):
        target = path.resolve()
        if target.exists():
            target.chmod(0o600)  # A new file is created with this mode.
        for name, value in values.items():
            # Some readers, such as `docker run --env-file`, take quotes as part of the value.
            mode = "never" if _PLAIN.fullmatch(value) else "always"
            set_key(target, name, value, quote_mode=mode)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        # Python raises RuntimeError for a symbolic link that points to itself.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"{path} cannot be written ({reason}). Check the folder and its permissions"
        ) from None

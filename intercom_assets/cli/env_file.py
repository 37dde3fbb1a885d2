"""Writing variables into `.env`: other variables stay, the file is replaced at once, mode 600."""

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
    """See whether variables could be written, without changing the file.

    Raises:
        ConfigurationError: They could not; says why.
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
        # The new file is made beside the old one, and then takes its place.
        with TemporaryFile(dir=target.parent):
            pass


def write_variables(path: Path, values: Mapping[str, str]) -> None:
    """Set variables in a file of lines `NAME=value`.

    A variable that is set already is replaced in its place, and blank lines right before it
    with it. A symbolic link stays one. What was readable for others is readable for its owner only
    afterwards.

    Raises:
        ConfigurationError: The file cannot be written, or a value not be expressed in it.
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
            target.chmod(0o600)  # A new file has this mode from the start.
        for name, value in values.items():
            # Readers such as `docker run --env-file` take quotes for a part of the value.
            mode = "never" if _PLAIN.fullmatch(value) else "always"
            set_key(target, name, value, quote_mode=mode)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        # Python says in a RuntimeError that a symbolic link leads to itself.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"{path} cannot be written ({reason}). Check the folder and its permissions"
        ) from None

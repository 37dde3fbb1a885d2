"""Writes variables into `.env`: keeps other lines, replaces the file atomically, mode 600."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from dotenv import set_key

from intercom_assets.errors import ConfigurationError


def check_writable(path: Path) -> None:
    """Check that variables can be written, without changing the file."""
    with _explained(path):
        target = path.resolve()
        if target.is_file():
            with target.open("r+", encoding="utf-8") as file:
                file.read()
        elif target.exists():
            raise ConfigurationError(
                f"{path} is no file. Remove it, or put the variables elsewhere"
            )
        # The new file is created next to the old one and then replaces it.
        with TemporaryFile(dir=target.parent):
            pass


def write_variables(path: Path, values: Mapping[str, str]) -> None:
    """Set variables to values that need no quotes, which some readers take as part of the value.

    An existing variable is replaced in place, along with blank lines directly above it. A symbolic
    link stays a link. Afterwards only the owner can read the file.
    """
    check_writable(path)
    with _explained(path):
        target = path.resolve()
        if target.exists():
            target.chmod(0o600)  # A new file is created with this mode.
        for name, value in values.items():
            set_key(target, name, value, quote_mode="never")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text. Save it as UTF-8") from None
    except (OSError, RuntimeError) as error:
        # Python raises RuntimeError for a symbolic link that points to itself.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"{path} cannot be written ({reason}). Check its permissions and its folder's"
        ) from None

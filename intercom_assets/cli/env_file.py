"""Writing variables into `.env`: every other line stays, the file is replaced at once, mode 600."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from stat import S_ISREG

from dotenv.parser import Binding, parse_stream

from intercom_assets.errors import ConfigurationError

_BOM = "\ufeff"
_PLAIN = re.compile(r"[\w.:/+=@~-]*", re.ASCII)


def check_writable(path: Path) -> None:
    """See whether variables could be written, without changing the file.

    Raises:
        ConfigurationError: They could not; says why.
    """
    with _explained(path):
        target = _target(path)
        _read(target)
        with _beside(target):
            pass


def write_variables(path: Path, values: Mapping[str, str]) -> None:
    """Set variables in a file of lines `NAME=value`, whole or not at all.

    A variable that stands there already is replaced in its place; other lines, comments and blank
    lines stay byte for byte. A symbolic link stays one: the file that it names is replaced. What
    was readable for others is readable for its owner only afterwards.

    Raises:
        ConfigurationError: The file cannot be written, or a value not be expressed in it.
    """
    with _explained(path):
        target = _target(path)
        text = with_variables(_read(target), values)
        with _beside(target) as new:
            new.write_text(text, encoding="utf-8", newline="")
            _replace(new, target)


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """Give the text of a file with variables set in it.

    Raises:
        ConfigurationError: python-dotenv would not read a value back, because it holds `${`.
    """
    for name, value in values.items():
        text = _with_variable(text, name, value)
    return text


def _with_variable(text: str, name: str, value: str) -> str:
    mark, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    line = f"{name}={_quoted(name, value)}"
    end = _line_end(text)
    kept: list[str] = []
    replaced = False
    for binding in parse_stream(StringIO(text, newline="")):
        if binding.key != name:
            kept.append(binding.original.string)
        else:
            kept.append(_blank_before(binding) if replaced else _in_place(binding, line, end))
            replaced = True
    whole = "".join(kept)
    if not replaced:
        whole += end if whole and not whole.endswith(("\n", "\r")) else ""
        whole += f"{line}{end}"
    return mark + whole


def _in_place(binding: Binding, line: str, end: str) -> str:
    # What the parser gives begins with the blank lines before the variable.
    found = re.fullmatch(r"(\s*(?:export[^\S\r\n]+)?).*", binding.original.string, re.DOTALL)
    assert found is not None
    return f"{found[1]}{line}{end}"


def _blank_before(binding: Binding) -> str:
    found = re.match(r"(?:[^\S\r\n]*(?:\r\n|\n|\r))*", binding.original.string)
    return found[0] if found else ""


def _line_end(text: str) -> str:
    # Never a lone \r: before a line that is empty it would become half of another ending.
    found = re.search(r"\r\n|\n", text)
    return found[0] if found else "\n"


def _quoted(name: str, value: str) -> str:
    if "${" in value or "\0" in value:
        raise ConfigurationError(
            f"The value of {name} cannot be expressed in a file of variables. Set it in the "
            "environment instead"
        )
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _target(path: Path) -> Path:
    target = path.resolve()
    if target.exists() and not S_ISREG(target.stat().st_mode):
        raise ConfigurationError(f"{path} is no file. Remove it, or put the variables elsewhere")
    return target


def _read(target: Path) -> str:
    if not target.exists():
        return ""
    if not os.access(target, os.W_OK):
        raise ConfigurationError(f"{target} is write-protected. Run chmod u+w {target}")
    try:
        return target.read_bytes().decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{target} is not UTF-8 text. Save it as UTF-8") from None


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Make an empty file for its owner only, in the folder of another; it is gone afterwards."""
    new = target.with_name(f"{target.name}.{secrets.token_hex(8)}.new")
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield new
    finally:
        new.unlink(missing_ok=True)


def _replace(new: Path, target: Path) -> None:
    if target.exists():
        was = target.stat()
        with suppress(PermissionError):
            # Run as root, the file stays its owner's.
            os.chown(new, was.st_uid, was.st_gid)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.replace(target)


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

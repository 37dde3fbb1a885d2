"""The file of an export: a ZIP of CSV files, or a single one, gzipped or plain.

It is read as it lies on disk, so that memory stays bounded whatever its size.
"""

import csv
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile

from intercom_assets.errors import RequestInfo, TransientError

_ONLY = "receipt.csv"
"""What a file is that is no archive."""

_MEMBER = re.compile(r"(?:.*/)?([a-z_]+?)(?:[_-]\d{8}[_-]\d{6})?\.csv", re.IGNORECASE)
_CHUNK = 1 << 20
_LONGEST_CELL = 1 << 24


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A downloaded export.

    Attributes:
        request: What it was downloaded with.
        conceal: Removes the access token from a line.
        lines: Lines of all its CSV files, once it was checked.
    """

    path: Path
    request: RequestInfo
    conceal: Callable[[bytes], bytes]
    lines: int = 0

    def checked(self) -> "ExportFile":
        """Read the file to its end, and return it with its number of lines.

        Raises:
            TransientError: It is damaged, or cut off.
        """
        lines = 0
        with self._intact():
            for _, member in self._members():
                while chunk := member.read(_CHUNK):
                    lines += chunk.count(b"\n")
            with self.path.open("rb") as file:
                if file.read(1) in {b"", b"<", b"{"}:
                    raise self._damaged("it is empty, or a page")
        return replace(self, lines=lines)

    def records(self, name: str, expected: frozenset[str]) -> Iterator[dict[str, str]]:
        """Yield the lines of a CSV, without empty cells; nothing if the export lacks the CSV.

        Raises:
            TransientError: It has none of the expected columns, or ends within a line.
        """
        names = {name, f"{name}s", f"{name}es", re.sub("y$", "ies", name)}
        with self._intact():
            for file, member in self._members():
                found = _MEMBER.fullmatch(file)
                if found and found[1].lower() in names:
                    yield from self._rows(member, expected)

    def _members(self) -> Iterator[tuple[str, _Bytes]]:
        with self.path.open("rb") as file:
            form = file.read(2)
            file.seek(0)
            if form == b"PK":
                with ZipFile(file) as archive:
                    for name in archive.namelist():
                        with archive.open(name) as member:
                            yield name, member
            elif form == b"\x1f\x8b":
                with GzipFile(fileobj=file) as member:
                    yield _ONLY, member
            else:
                yield _ONLY, file

    def _rows(self, member: _Bytes, expected: frozenset[str]) -> Iterator[dict[str, str]]:
        # The module's limit is 128 KB, less than an answer to a survey may have.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
        reader = csv.reader(self._text(member))
        header = _distinct(next(reader, []))
        if header and not expected.intersection(header):
            raise self._damaged("a CSV has none of the expected columns")
        last: list[str] = []
        for cells in filter(None, reader):
            if last:
                yield _record(header, last)
            last = cells
        if last and len(last) < len(header):
            raise self._damaged("a CSV ends within a line")
        if last:
            yield _record(header, last)

    def _text(self, member: _Bytes) -> Iterator[str]:
        for line in member:
            concealed = self.conceal(line).replace(b"\0", b"\xef\xbf\xbd")
            yield concealed.decode("utf-8", errors="replace").removeprefix("\ufeff")

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except (BadZipFile, BadGzipFile, EOFError, zlib.error, csv.Error) as error:
            raise self._damaged(str(error) or type(error).__name__) from error
        except (NotImplementedError, RuntimeError) as error:
            # A method of compression that Python lacks, or an encrypted archive.
            raise self._damaged(str(error)) from error

    def _damaged(self, reason: str) -> TransientError:
        return TransientError(
            replace(self.request, message=reason),
            "The file of an export is damaged, or cut off",
            "Run again, which makes a new one; what was committed is kept, and the cursor stays",
        )


def _distinct(header: Iterable[str]) -> list[str]:
    """Return names of columns that are all different: two questions may have the same text."""
    names: list[str] = []
    for name in header:
        same = sum(one == name or one.startswith(f"{name} (") for one in names)
        names.append(f"{name} ({same + 1})" if name in names else name)
    return names


def _record(header: list[str], cells: list[str]) -> dict[str, str]:
    names = [*header, *(f"column {place + 1}" for place in range(len(header), len(cells)))]
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell}

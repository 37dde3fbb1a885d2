"""The file of an export: a ZIP of CSV files, or a single one, gzipped or plain.

It is read as it lies on disk, so that memory stays bounded whatever its size.
"""

import csv
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.endpoints import Export
from intercom_assets.catalog.types import Json, Record
from intercom_assets.errors import RequestInfo, TransientError

_MEMBER = re.compile(r"(?:.*/)?([a-z_]+?)(?:[_\-. ]*(?:v\d+[_\-. ])?\d[^/]*)?\.csv", re.IGNORECASE)
CONTENT = frozenset(one.endpoint.file for one in CATALOG if isinstance(one.endpoint, Export))
"""The CSVs of an export of content that tables read."""

_ZIP, _GZIP = b"PK", b"\x1f\x8b"
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
        only: What a file is that is no archive.
        csvs: Names of the CSVs that tables read.
        may_be_empty: Whether a file that is no archive may have no bytes at all.
        lines: Lines of all its CSV files, once it was checked.
        unknown: Names of its files that no table reads.
    """

    path: Path
    request: RequestInfo
    conceal: Callable[[bytes], bytes]
    only: str = "receipt"
    csvs: frozenset[str] = CONTENT
    may_be_empty: bool = False
    lines: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.path.stat().st_size

    def checked(self, *, as_before: bool = False) -> "ExportFile":
        """Read the file to its end, and return it with its number of lines.

        A CSV that is no archive may end within a line, or be empty if its kind may, if it had as
        many bytes before: a file that is cut off seldom is so twice at one place.

        Raises:
            TransientError: It is damaged, or cut off, or no table reads any of its files.
        """
        lines, quotes, names = 0, 0, list[str]()
        with self._intact():
            for name, member in self._members():
                names.append(name)
                while chunk := member.read(_CHUNK):
                    lines += chunk.count(b"\n")
                    quotes += chunk.count(b'"')
            with self.path.open("rb") as file:
                if file.read(1) in {b"<", b"{"}:
                    raise self._damaged("it is a page")
            is_believed = as_before and (self.may_be_empty or self.size > 0)
            if not is_believed and self._is_open_ended(quotes):
                raise self._damaged("it is empty, or ends within a line")
        unknown = tuple(name for name in names if not self.csvs & _spellings(name))
        if unknown and len(unknown) == len(names):
            raise self._damaged(f"no table reads {', '.join(unknown)}")
        return replace(self, lines=lines, unknown=unknown)

    def records(
        self, name: str, names: Mapping[str, str], needed: frozenset[str] = frozenset()
    ) -> Iterator[Record]:
        """Yield the lines of a CSV, without empty cells; nothing if the export lacks the CSV.

        `names` has the names of columns by how a header may spell them, in lower case.

        Raises:
            TransientError: It has none of these columns, or not all needed ones, or ends within a
                line.
        """
        with self._intact():
            for file, member in self._members():
                if name in _spellings(file):
                    yield from self._rows(member, names, needed)

    def _members(self) -> Iterator[tuple[str, _Bytes]]:
        with self.path.open("rb") as file:
            form = file.read(2)
            file.seek(0)
            if form == _ZIP:
                with ZipFile(file) as archive:
                    for name in archive.namelist():
                        with archive.open(name) as member:
                            yield name, member
            elif form == _GZIP:
                with GzipFile(fileobj=file) as member:
                    yield f"{self.only}.csv", member
            else:
                yield f"{self.only}.csv", file

    def _is_open_ended(self, quotes: int) -> bool:
        with self.path.open("rb") as file:
            if file.read(2) in {_ZIP, _GZIP}:
                return False
            file.seek(max(self.size - 1, 0))
            # A cell in quotes may hold the end of a line.
            return file.read() != b"\n" or quotes % 2 == 1

    def _rows(
        self, member: _Bytes, names: Mapping[str, str], needed: frozenset[str]
    ) -> Iterator[Record]:
        # The module's limit is 128 KB, less than an answer to a survey may have.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
        reader = csv.reader(self._text(member))
        # A name that differs in its case only is the declared one, which settings may hide.
        header = [names.get(name.strip().lower(), name) for name in next(reader, [])]
        if header and not set(names.values()).intersection(header):
            raise self._damaged("a CSV has none of the expected columns")
        if header and (lacking := needed.difference(header)):
            raise self._damaged(f"a CSV lacks {', '.join(sorted(lacking))}")
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


def _spellings(file: str) -> set[str]:
    """Return what the file may hold, in the singular: its name is spelled either way."""
    found = _MEMBER.fullmatch(file)
    name = found[1].lower() if found else ""
    return {name, name.removesuffix("s"), name.removesuffix("es"), re.sub("ies$", "y", name)}


def _record(header: list[str], cells: list[str]) -> Record:
    """Return a line without empty cells; two questions of one text have a list of answers."""
    names = [*header, *(f"column {place + 1}" for place in range(len(header), len(cells)))]
    found: dict[str, list[Json]] = {}
    for name, cell in zip(names, cells, strict=False):
        if cell:
            found.setdefault(name, []).append(cell)
    return {name: given if len(given) > 1 else given[0] for name, given in found.items()}

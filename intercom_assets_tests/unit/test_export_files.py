"""What the file of an export may look like, and what is made of it."""

import gzip
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from intercom_assets.catalog.types import Record
from intercom_assets.errors import RequestInfo, TransientError
from intercom_assets.intercom.exports.files import ExportFile

REQUEST = RequestInfo(method="GET", path="/download/content/data/1", status=200)
EXPECTED = {name: name for name in ("receipt_id", "opened_at")}
HEADER = "receipt_id,opened_at\r\n"

Made = Callable[..., ExportFile]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Make an archive of CSVs, or a file of some bytes."""

    def make(files: dict[str, str] | bytes) -> ExportFile:
        path = tmp_path / "export"
        if isinstance(files, bytes):
            path.write_bytes(files)
        else:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
        return ExportFile(path, REQUEST, lambda line: line.replace(b"secret", b"[hidden]"))

    return make


def read(file: ExportFile, name: str = "open") -> list[Record]:
    """Check a file, and read one of its CSVs."""
    return list(file.checked().records(name, EXPECTED))


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("open_20240101-101112.csv", "open"),
        ("opens_20240101_101112.csv", "open"),
        ("folder/open.csv", "open"),
        ("open_2024-01-01.csv", "open"),
        ("open_1767614400.csv", "open"),
        ("open-2024-01-01T10-11-12.csv", "open"),
        ("open_v2_20240101-101112.csv", "open"),
        ("replies_20240101-101112.csv", "reply"),
        ("goal_success_20240101-101112.csv", "goal_success"),
        ("Goal_successes_20240101-101112.csv", "goal_success"),
    ],
)
def test_a_csv_is_found_by_its_name(made: Made, member: str, name: str) -> None:
    """A name may have a date, a folder and a plural; other files are left alone."""
    file = made({member: f"{HEADER}1,2\r\n", "reopen.csv": f"{HEADER}3,4\r\n", "notes.txt": "?"})

    assert [{"receipt_id": "1", "opened_at": "2"}] == read(file, name)


@pytest.mark.parametrize("text", ["", "\r\n", HEADER, "\ufeff" + HEADER])
def test_a_csv_without_lines_has_no_records(made: Made, text: str) -> None:
    """An empty CSV, or one with nothing but a header, is read as that."""
    assert [] == read(made({"open.csv": text}))


def test_cells_are_what_they_say(made: Made) -> None:
    """Quotes, line breaks, other alphabets and a mark of the order of bytes are understood."""
    text = f'\ufeff{HEADER}"a, ""b""\nc",é\r\n\r\n2,\r\n'

    assert [
        {"receipt_id": 'a, "b"\nc', "opened_at": "é"},
        {"receipt_id": "2"},
    ] == read(made({"open.csv": text}))


def test_no_cell_is_lost(made: Made) -> None:
    """Columns of one name have a list, so that who hides the name hides all of them."""
    text = "receipt_id,Why?,Why?,Why?\r\n1,a,b,c,d\r\n"

    assert [{"receipt_id": "1", "Why?": ["a", "b", "c"], "column 5": "d"}] == read(
        made({"open.csv": text})
    )


def test_a_header_in_other_letters_is_the_declared_one(made: Made) -> None:
    """`Opened_At` is `opened_at`: what hides a column hides it however Intercom spells it."""
    assert [{"receipt_id": "1", "opened_at": "2"}] == read(
        made({"open.csv": "RECEIPT_ID,Opened_At \r\n1,2\r\n"})
    )


def test_files_that_no_table_reads_are_named(made: Made) -> None:
    """A new kind of file is named; if there is none but such, the export is refused."""
    known = made({"open.csv": HEADER, "dream_20240101-101112.csv": "a\r\n1\r\n"})
    assert ("dream_20240101-101112.csv",) == known.checked().unknown

    with pytest.raises(TransientError, match="damaged") as caught:
        made({"dream.csv": "a\r\n1\r\n"}).checked()
    assert "no table reads dream.csv" in str(caught.value)


def test_a_long_answer_is_read(made: Made) -> None:
    """A cell may have a million letters, more than Python's reader takes by itself."""
    (record,) = read(made({"open.csv": f"{HEADER}1,{'x' * 1_000_000}\r\n"}))

    assert "x" * 1_000_000 == record["opened_at"]


def test_what_no_warehouse_stores_is_replaced(made: Made) -> None:
    """NUL and bytes that are no UTF-8 become U+FFFD, and the access token is removed."""
    file = made(gzip.compress(HEADER.encode() + b"1\x00,\xff secret\r\n"))

    assert [{"receipt_id": "1\ufffd", "opened_at": "\ufffd [hidden]"}] == read(file, "receipt")


def test_lines_are_counted(made: Made) -> None:
    """A file knows how many lines all of its CSVs have, by which it shows that it is full."""
    file = made({"open.csv": f"{HEADER}1,2\r\n", "click.csv": "a\n1\n2\n3\n"})

    assert 6 == file.checked().lines


ARCHIVE = b"PK\x05\x06" + b"\0" * 18


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Sign in</html>",
        b'{"type": "error.list"}',
        b"PK\x03\x04 and then nothing",
        gzip.compress(b"receipt_id\r\n1\r\n" * 100)[:-20],
        gzip.compress(b"receipt_id\r\n1\r\n")[:-8] + b"\0" * 8,
    ],
    ids=["empty", "page", "json", "half_archive", "half_gzip", "wrong_sum"],
)
def test_a_damaged_file_is_found_before_it_is_read(made: Made, content: bytes) -> None:
    """A file that is cut off, damaged or another thing is refused as a whole."""
    with pytest.raises(TransientError, match="The file of an export is damaged, or cut off"):
        made(content).checked()


def test_a_file_that_is_cut_off_within_quotes_is_found(made: Made) -> None:
    """The end of a line within a cell is not the end of the file, unless it comes so again."""
    file = made(HEADER.encode() + b'1,"one\n')

    with pytest.raises(TransientError, match="ends within a line"):
        file.checked()
    assert 2 == file.checked(as_before=True).lines


def test_an_archive_without_files_has_no_records(made: Made) -> None:
    """An archive from which all CSVs are left out is no error."""
    assert [] == read(made(ARCHIVE))


def test_a_damaged_member_is_found(made: Made) -> None:
    """Bytes that do not have their sum are no rows."""
    file = made({"open.csv": HEADER + "1,2\r\n" * 500})
    content = bytearray(file.path.read_bytes())
    content[60] ^= 0xFF
    file.path.write_bytes(content)

    with pytest.raises(TransientError, match="damaged"):
        read(file)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEADER}1,2\r\n3", "ends within a line"),
        ("id,at\r\n1,2\r\n", "none of the expected columns"),
    ],
)
def test_a_csv_that_is_cut_off_or_another_is_refused(made: Made, text: str, reason: str) -> None:
    """A CSV that ends within a line, or has other columns altogether, says so."""
    with pytest.raises(TransientError, match=reason):
        read(made({"open.csv": text}))


@pytest.mark.parametrize("content", [b"", b"receipt_id,opened_at\r\n1,2"], ids=["empty", "open"])
def test_an_open_end_is_believed_the_second_time(made: Made, content: bytes) -> None:
    """A CSV that is empty, or ends within a line, is cut off unless it is as long as before."""
    file = replace(made(content), may_be_empty=True)

    with pytest.raises(TransientError, match="it is empty, or ends within a line"):
        file.checked()
    assert content.count(b"\r") == len(
        list(file.checked(as_before=True).records("receipt", EXPECTED))
    )


def test_content_is_never_an_empty_file(made: Made) -> None:
    """A job that found nothing to export says so, and has no file."""
    with pytest.raises(TransientError, match="it is empty"):
        made(b"").checked(as_before=True)

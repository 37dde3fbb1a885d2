"""`.env` is changed in the lines of the written variables, and nowhere else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from hypothesis import example, given
from hypothesis import strategies as st

from intercom_assets.cli.env_file import check_writable, with_variables, write_variables
from intercom_assets.errors import ConfigurationError

NAME = "INTERCOM_ACCESS_TOKEN"
# As tokens of Intercom look, but for their beginning: a test forbids that in any file.
TOKEN = "xG9rOjE2Qz/kq+Zr9xWv_c4n4ry-T0ken=="

LINES = [
    "",
    "   ",
    "# a comment",
    f"# {NAME}=commented",
    f"{NAME}=old",
    f"export {NAME} = 'old' # why",
    f'{NAME}="two\nlines"',
    f"'{NAME}'=quoted key",
    NAME,
    f"{NAME}_2=another",
    "FOO=bar",
    f'FOO="says\n{NAME}=inside\n"',
    'FOO="never closed',
    "FOO='never closed either",
    "FOO=${BAR}",
    "BAR=ü \\ ☃",
]
lines = st.sampled_from(LINES) | st.text(st.characters(codec="utf-8"), max_size=12)
files = st.builds(
    lambda parts, end, last, mark: mark + end.join(parts) + last,
    st.lists(lines, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
tokens = st.from_regex(r"[A-Za-z0-9+/_:~-]{8,60}={0,2}", fullmatch=True)


def pieces(text: str) -> list[tuple[str | None, str]]:
    """Take a file apart as python-dotenv reads it: the variable of each piece, and its text."""
    bindings = parse_stream(StringIO(text.removeprefix("\ufeff"), newline=""))
    return [(one.key, one.original.string) for one in bindings]


def around(text: str) -> tuple[str, str, int]:
    """Give what stands before the variable and what after, and how often it is set."""
    found = pieces(text)
    places = [place for place, (key, _) in enumerate(found) if key == NAME]
    first = places[0] if places else len(found)
    before = "".join(piece for _, piece in found[:first])
    after = "".join(piece for key, piece in found[first:] if key != NAME)
    return before, after, len(places)


@example(text=f"{NAME}=a\r\n\r\nB=1\r\n{NAME}=b", token=TOKEN)
@example(text='FOO="never closed', token=TOKEN)
@example(text=f"\r0\n{NAME}=old\n\n", token=TOKEN)
@given(text=files, token=tokens)
def test_every_other_line_stays_and_the_token_is_read_back(text: str, token: str) -> None:
    """Whatever stood in the file: the token is read back exactly, all else is byte for byte."""
    written = with_variables(text, {NAME: token})

    assert token == dotenv_values(stream=StringIO(written, newline=""))[NAME]
    before, after, times = around(text)
    body = written.removeprefix("\ufeff")
    assert body.startswith(before)
    assert body.endswith(after) or times > 1
    assert after.split() == around(written)[1].split()
    assert (times > 0) or set(body.removeprefix(before)) <= set(f"{NAME}={token}\r\n")
    assert 1 == around(written)[2]
    assert text.startswith("\ufeff") == written.startswith("\ufeff")
    assert written == with_variables(written, {NAME: token})


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30))
def test_any_value_is_read_back(value: str) -> None:
    """Quotes, backslashes, line ends and # survive; what would be expanded is refused."""
    if "${" in value:
        with pytest.raises(ConfigurationError):
            with_variables("A=1\n", {NAME: value})
        return

    written = with_variables("A=1\n", {NAME: value})

    assert {"A": "1", NAME: value} == dotenv_values(stream=StringIO(written, newline=""))


def test_a_file_that_is_not_there_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """Without a file one is made, with mode 600, and nothing beside it stays."""
    write_variables(tmp_path / ".env", {NAME: TOKEN, "INTERCOM_REGION": "eu"})

    assert f"{NAME}='{TOKEN}'\n".replace("'", "") in (tmp_path / ".env").read_text()
    assert "INTERCOM_REGION=eu\n" in (tmp_path / ".env").read_text()
    assert 0o600 == (tmp_path / ".env").stat().st_mode & 0o777
    assert [tmp_path / ".env"] == list(tmp_path.iterdir())


def test_a_file_that_others_could_read_no_longer_is(tmp_path: Path) -> None:
    """Mode 644 becomes 600; the line is replaced where it stands, with its `export`."""
    file = tmp_path / ".env"
    file.write_text(f"# mine\n\nA=1\n\nexport {NAME}=old # from March\nB=2\n")
    file.chmod(0o644)

    write_variables(file, {NAME: TOKEN})

    assert f"# mine\n\nA=1\n\nexport {NAME}={TOKEN}\nB=2\n" == file.read_text()
    assert 0o600 == file.stat().st_mode & 0o777


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """The file that a link names is replaced, in its own folder; so is one that is yet to be."""
    (tmp_path / "secrets").mkdir()
    link, dangling = tmp_path / ".env", tmp_path / ".env.new"
    (tmp_path / "secrets" / "env").write_text("A=1\n")
    link.symlink_to("secrets/env")
    dangling.symlink_to("secrets/later")

    write_variables(link, {NAME: TOKEN})
    write_variables(dangling, {NAME: TOKEN})

    assert link.is_symlink()
    assert dangling.is_symlink()
    assert f"A=1\n{NAME}={TOKEN}\n" == (tmp_path / "secrets" / "env").read_text()
    assert 0o600 == (tmp_path / "secrets" / "later").stat().st_mode & 0o777
    assert {"env", "later"} == {file.name for file in (tmp_path / "secrets").iterdir()}


@contextmanager
def broken(folder: Path, kind: str) -> Iterator[Path]:
    """Make a `.env` that cannot be written."""
    file = folder / ".env"
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "elsewhere":
            file.symlink_to("/proc/nowhere/env")
        case "no room":
            file.symlink_to("/proc/env")
        case "loop":
            file.symlink_to(".env")
        case _:
            file.write_bytes(b"CAF\xc9=1\n")
    yield file


@pytest.mark.parametrize("kind", ["folder", "pipe", "elsewhere", "no room", "loop", "latin-1"])
def test_what_cannot_be_written_is_said_before_and_changes_nothing(
    tmp_path: Path, kind: str
) -> None:
    """A place that takes no file is named with the reason; the token is not in the message."""
    with broken(tmp_path, kind) as file:
        before = file.read_bytes() if kind == "latin-1" else None

        with pytest.raises(ConfigurationError, match=r"\.env|env") as early:
            check_writable(file)
        with pytest.raises(ConfigurationError) as late:
            write_variables(file, {NAME: TOKEN})

        assert str(early.value) == str(late.value)
        assert TOKEN not in str(late.value)
        assert [file] == list(tmp_path.iterdir())
        assert before is None or before == file.read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_write_protected_file_stays_as_it_is(tmp_path: Path) -> None:
    """A file that its owner protected is not replaced."""
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    file.chmod(0o400)

    with pytest.raises(ConfigurationError, match=r"chmod u\+w"):
        write_variables(file, {NAME: TOKEN})

    assert "A=1\n" == file.read_text()
    assert 0o400 == file.stat().st_mode & 0o777


def test_looking_changes_nothing(tmp_path: Path) -> None:
    """To see whether a file could be written leaves neither a file nor a change."""
    check_writable(tmp_path / ".env")

    assert [] == list(tmp_path.iterdir())

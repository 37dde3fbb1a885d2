"""`.env` is changed in the lines of the written variables, and nowhere else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intercom_assets.cli.connect.env_file import check_writable, write_variables
from intercom_assets.errors import ConfigurationError

NAME = "INTERCOM_ACCESS_TOKEN"
# As tokens of Intercom look, but for their beginning: a test forbids that in any file.
TOKEN = "xG9rOjE2Qz/kq+Zr9xWv_c4n4ry-T0ken=="


def test_every_other_line_stays(tmp_path: Path) -> None:
    """Comments, blank lines, other variables and those that look alike stay as they are."""
    around = f"# {NAME}=commented\n\nexport FOO = 'old' # why\n{NAME}_2=x\n", 'B="two\nlines"\n'
    file = tmp_path / ".env"
    file.write_text(f"{NAME}=old # from March\n".join(around))

    write_variables(file, {NAME: TOKEN})

    assert f"{NAME}={TOKEN}\n".join(around) == file.read_text()


def test_a_file_that_is_not_there_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """Without a file one is made, with mode 600, and nothing beside it stays."""
    write_variables(tmp_path / ".env", {NAME: TOKEN, "INTERCOM_REGION": "eu"})

    assert f"{NAME}='{TOKEN}'\n".replace("'", "") in (tmp_path / ".env").read_text()
    assert "INTERCOM_REGION=eu\n" in (tmp_path / ".env").read_text()
    assert 0o600 == (tmp_path / ".env").stat().st_mode & 0o777
    assert [tmp_path / ".env"] == list(tmp_path.iterdir())


def test_a_file_that_others_could_read_no_longer_is(tmp_path: Path) -> None:
    """Mode 644 becomes 600; the line is replaced in its place, with blank lines before it."""
    file = tmp_path / ".env"
    file.write_text(f"# mine\n\nA=1\n\n{NAME}=old # from March\nB=2\n")
    file.chmod(0o644)

    write_variables(file, {NAME: TOKEN})

    assert f"# mine\n\nA=1\n{NAME}={TOKEN}\nB=2\n" == file.read_text()
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

    with pytest.raises(ConfigurationError, match="permissions"):
        write_variables(file, {NAME: TOKEN})

    assert "A=1\n" == file.read_text()
    assert 0o400 == file.stat().st_mode & 0o777


def test_looking_changes_nothing(tmp_path: Path) -> None:
    """To see whether a file could be written leaves neither a file nor a change."""
    check_writable(tmp_path / ".env")

    assert [] == list(tmp_path.iterdir())

"""The documents build as a site, without a warning, and it asks nobody else for anything."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from intercom_assets_tests.docs.blocks import ROOT
from intercom_assets_tests.docs.site import relinked


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    # Not quietly: mkdocs counts the warnings that it prints.
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == built.returncode, built.stderr
    return folder


class Fetched(HTMLParser):
    """Collects what a browser would fetch to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""
        self.glued: list[str] = []
        self._shown_as_written = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag fetches; a link that a reader follows is none."""
        self._shown_as_written += tag in {"pre", "script"}
        if tag == "a":
            return
        values = dict(attrs)
        if tag == "link" and values.get("rel") in {"canonical", "next", "prev"}:
            return
        self.found += [str(values[name]) for name in ("src", "href", "data") if values.get(name)]

    def handle_data(self, data: str) -> None:
        """Keep the text, but no program."""
        if not self._shown_as_written:
            self.text += data
            self.glued += re.findall(r"\S\n *((?:\d+\.|[*-]) .*)", data)

    def handle_endtag(self, tag: str) -> None:
        """Notice where a program ends."""
        self._shown_as_written -= tag in {"pre", "script"}


def pages(site: Path) -> Iterator[tuple[Path, Fetched]]:
    """Read every page."""
    for path in sorted(site.rglob("*.html")):
        page = Fetched()
        page.feed(path.read_text(encoding="utf-8"))
        yield path, page


def test_each_document_is_a_page(site: Path) -> None:
    """Every document of the project is in the site, and in its navigation."""
    home = (site / "index.html").read_text(encoding="utf-8")
    names = {path.stem for path in (ROOT / "docs").glob("*.md")}

    for name in names | {"architecture", "contributing", "changelog", "benchmarks"}:
        assert (site / f"{name}.html").exists()
        assert f'href="{name}.html" class="md-nav__link"' in home


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """Pages and style sheets name no address of another host, so nobody learns who reads."""
    strangers = [
        (path.name, address)
        for path, page in pages(site)
        for address in page.found
        if re.match(r"(https?:)?//", address)
    ]
    styles = [
        path.name
        for path in site.rglob("*.css")
        if re.search(r"(@import|url\()\s*[\"']?(https?:)?//", path.read_text(encoding="utf-8"))
    ]

    assert ([], []) == (strangers, styles)


def test_no_page_shows_raw_marks(site: Path) -> None:
    """Lists, tables and blocks of code became what they stand for."""
    for path, page in pages(site):
        assert "```" not in page.text, path
        assert "|---|" not in page.text, path
        # Entries of a list that became a part of the paragraph before: a blank line is missing.
        assert [] == page.glued, path


def test_links_are_made_to_fit_the_site() -> None:
    """A link to a page leads there; one to another file of the project is text; code stays."""
    held = {"index.md", "settings.md", "images/a.png"}

    assert "[a](settings.md#x)" == relinked("[a](docs/settings.md#x)", "index.md", held)
    assert "[r](index.md)" == relinked("[r](../README.md)", "settings.md", held)
    assert "![i](images/a.png)" == relinked("![i](docs/images/a.png)", "index.md", held)
    assert "Makefile" == relinked("[Makefile](../Makefile)", "settings.md", held)
    assert "`[r](../README.md)`" == relinked("`[r](../README.md)`", "settings.md", held)
    assert "[w](https://x.example)" == relinked("[w](https://x.example)", "settings.md", held)

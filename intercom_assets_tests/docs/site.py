"""The project's documents as pages of one site: mkdocs calls these hooks (`mkdocs.yml`).

README and others lie beside `docs/`, where GitHub looks for them. They become pages, and each link
that leads to a page is made to fit; a link to any other file of the project becomes plain text,
because the site does not hold it. No page is written here.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]

PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/RESULTS.md": "benchmarks.md",
    "examples/response_times/README.md": "example.md",
    "benchmarks/requests.svg": "requests.svg",
}
"""Files outside of `docs/` that the site holds, and their names in it."""

# Code is skipped: what looks like a link there is none.
_LINK = re.compile(
    r"(?P<code>^ *```.*?^ *```|`[^`\n]+`)"
    r"|(?P<image>!?)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)",
    re.DOTALL | re.MULTILINE,
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files that lie outside of `docs/`."""
    for source, name in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make the links of a page fit the site."""
    del config
    held = {file.src_uri for file in files}
    return relinked(markdown, page.file.src_uri, held)


def relinked(markdown: str, page: str, held: set[str]) -> str:
    """Make the links of a page fit the site.

    Args:
        markdown: The page.
        page: Its name in the site.
        held: Names of all files of the site.
    """
    sources = dict(zip(PAGES.values(), PAGES, strict=True))
    folder = posixpath.dirname(sources.get(page, f"docs/{page}"))

    def fit(found: re.Match[str]) -> str:
        if found["code"] or re.match(r"[a-z]+:|#", found["target"]):
            return found[0]
        path, _, anchor = found["target"].partition("#")
        meant = posixpath.normpath(posixpath.join(folder, path))
        name = PAGES.get(meant, meant.removeprefix("docs/"))
        if name not in held and (ROOT / meant).exists():
            return found["text"]
        to = posixpath.relpath(name, posixpath.dirname(page) or ".")
        return f"{found['image']}[{found['text']}]({to}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(fit, markdown)

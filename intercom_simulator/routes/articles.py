"""One article with its statistics, and its versions."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import not_found

_SIZE, _UNDOCUMENTED = 25, 150


def article(call: Call) -> Json:
    """Answers one article; lists show none of its statistics."""
    record, contents = _article(call), call.workspace
    figures = contents.article_statistics.get(str(record["id"]))
    shown = figures and contents.shaped("article_statistics", figures, call.version)
    return call.shaped("articles", record) | {"statistics": shown}


def versions(call: Call) -> Json:
    """Answers the versions of an article, newest first, from version 2.16 on."""
    call.requires((2, 16))
    found = call.workspace.article_versions.get(str(_article(call)["id"]), [])
    records, pages = call.numbered(found, _SIZE, _UNDOCUMENTED)
    # The documents name no next page here, only how many there are.
    counted = {name: pages[name] for name in ("type", "page", "per_page", "total_pages")}
    return {"type": "list", "pages": counted, "total_count": len(found), "data": records}


def _article(call: Call) -> Record:
    record = call.workspace.collection("articles").find(call.path["id"])
    if record is None:
        raise not_found()
    return record

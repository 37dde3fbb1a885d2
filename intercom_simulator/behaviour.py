"""How answers come out where Intercom's documents are silent, or accounts and proxies differ."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(kw_only=True, eq=False)
class Behaviour:
    """What may be turned while a workspace is served. It changes answers, never records.

    Attributes:
        default_version: API version of requests that name none.
        latency: Seconds to wait before each answer.
        deletions_delay: Seconds until the list of deleted conversations shows one.
        deletions_status: Status with which that list is refused; 200 answers it.
        paging: Whether `starting_after` marks a record or counts records.
        date_header: Whether answers have a `Date`; some proxies strip it.
        inclusive_bounds: Whether `>` and `<` on conversations, and the bounds of activity logs,
            include the bound.
        activity_order: Order of activity logs.
        hidden: Ids, by kind, that lists and searches count and do not show.
        contact_companies_key: Where `/contacts/{id}/companies` has its records:
            examples and clients say `data`, the schema says `companies`.
        event_days: Days after which an event is no longer listed, Intercom's 90; 0 is never, as
            made events are as old as the seed.
        list_pages: Records a page of the lists that are documented as one page; 0 is all.
        scroll_end: How the scroll over companies ends: with an empty list, as documented, or
            otherwise.
        export_seconds: How long a job of an export takes.
        export_form: What the file of an export is; all but a ZIP hold the receipts alone.
        report_times: How reports spell times.
        unreported: Datasets, and qualified ids of attributes, that reports lack.
        scroll_renews: Whether each page of the scroll has another token.
    """

    default_version: str = "2.11"
    latency: float = 0.0
    deletions_delay: float = 0.0
    deletions_status: Literal[200, 401, 403, 404, 500] = 200
    paging: Literal["keyset", "offset"] = "keyset"
    date_header: bool = True
    inclusive_bounds: bool = False
    activity_order: Literal["asc", "desc"] = "desc"
    hidden: dict[str, set[str]] = field(default_factory=dict)
    contact_companies_key: Literal["data", "companies"] = "data"
    event_days: int = 0
    list_pages: int = 0
    scroll_end: Literal["empty", "gone", "refused", "null_list", "no_token"] = "empty"
    scroll_renews: bool = False
    export_seconds: float = 0.0
    report_times: Literal["text", "unix"] = "text"
    unreported: list[str] = field(default_factory=list)
    export_form: Literal["zip", "plural_zip", "gzip", "csv"] = "zip"

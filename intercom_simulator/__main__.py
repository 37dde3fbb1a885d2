"""`python -m intercom_simulator`: the simulator on the command line."""

import argparse
import os
import textwrap
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

from intercom_simulator.access import Access
from intercom_simulator.behaviour import Behaviour
from intercom_simulator.control import describe_actions
from intercom_simulator.faults import FORMS, KINDS, Faults
from intercom_simulator.generation import generate
from intercom_simulator.oauth import OAuth
from intercom_simulator.recorded import load_records
from intercom_simulator.server import serve
from intercom_simulator.workspace import Workspace

_DESCRIPTION = """\
A stateful fake of the Intercom REST API (2.0 to 2.16) on 127.0.0.1.

It generates a workspace from a seed, or serves recorded records, and prints
one line when it accepts requests:

    simulator ready http://127.0.0.1:8765

Read it like Intercom:

    curl -H 'Authorization: Bearer simulated-token' -H 'Intercom-Version: 2.16' \\
         http://127.0.0.1:8765/contacts

Change it while it runs, without a token, under /_simulator:

    curl http://127.0.0.1:8765/_simulator/state?ids=false
    curl -d '{"kind": "contacts", "record_id": "..."}' http://127.0.0.1:8765/_simulator/touch
    curl -d '{"rate": 0.05}' http://127.0.0.1:8765/_simulator/faults
    curl -d '{"targets": [{"method": "GET", "path": "/tags", "kind": "500"}]}' \\
         http://127.0.0.1:8765/_simulator/faults
"""


def port(text: str) -> int:
    """Reads the number of a port; argparse names this function where the text is none."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"port must be 0-65535, not {number}")
    return number


def build_parser() -> argparse.ArgumentParser:
    """Declares the options."""
    parser = argparse.ArgumentParser(
        prog=os.environ.get("INTERCOM_SIMULATOR_COMMAND", "python -m intercom_simulator"),
        usage="%(prog)s [options]",
        description=_DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_serving(parser.add_argument_group("serving"))
    _add_contents(parser.add_argument_group("what is served"))
    _add_behaviour(parser.add_argument_group("how it behaves"))
    return parser


def _epilog() -> str:
    """Lists the control actions, and what may go wrong."""
    lines = [
        "control (POST /_simulator/ACTION, arguments as a JSON object, [optional]; GET",
        "/_simulator/state, /_simulator/requests, /_simulator/truth/RESOURCE):",
    ]
    for name, arguments, what in describe_actions():
        lines += _wrapped(f"{name} {arguments}", "  ")
        lines += _wrapped(what, "      ")
    lines += ["", "kinds of faults:", *_wrapped(" ".join(KINDS), "  ")]
    lines += ["", "of a target also, other forms of lists:", *_wrapped(" ".join(FORMS), "  ")]
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=indent, subsequent_indent=f"{indent}    ")


def _add_serving(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--port", type=port, default=8765, help="port; 0 picks a free one (default 8765)")
    add("--token", default="simulated-token", help="accepted access token (default %(default)s)")
    add("--client-id", default=OAuth.client_id, help="of the OAuth app (default %(default)s)")
    add("--client-secret", default=OAuth.client_secret, help="its secret (default %(default)s)")
    add(
        "--exit-with-parent",
        action="store_true",
        help="stop when stdin ends, so that a dead parent leaves no orphan",
    )


def _add_contents(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--records", type=Path, metavar="DIR", help="serve DIR/<resource>.jsonl, verbatim")
    add("--seed", type=int, default=7, help="same seed, same data (default %(default)s)")
    for name, default in (("contacts", 2000), ("companies", 200), ("conversations", 500)):
        add(f"--{name}", type=int, default=default, help=f"how many {name} (default {default})")
    add("--tickets", type=int, default=120, help="how many tickets (default 120)")
    add("--parts", type=int, default=12, help="mean parts of a conversation (default 12)")
    add("--long-conversations", type=int, default=0, help="how many with over 500 parts")
    add("--undated", type=float, default=0, help="share without updated_at, 0 to 1 (default 0)")
    add("--workspace-id", default="sim4dev1", help="app.id_code (default %(default)s)")
    add("--region", choices=("us", "eu", "au"), default="us", help="app.region (default us)")
    add("--timezone", default="America/Los_Angeles", help="app.timezone (default %(default)s)")


def _add_behaviour(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--default-version", default="2.11", help="version when no header names one (2.11)")
    add("--rate-limit", type=int, default=1667, help="requests per 10 s; 0 = no limit (1667)")
    add("--latency-ms", type=float, default=0, help="wait before each answer")
    add("--index-delay", type=float, default=0, help="seconds until search shows a change")
    add("--paging", choices=("keyset", "offset"), default="keyset", help="what a cursor marks")
    add("--inclusive-bounds", action="store_true", help="> and < on conversations include bounds")
    add("--fault-rate", type=float, default=0, help="share of requests that fail, 0 to 1")
    add(
        "--fault-kinds",
        nargs="+",
        choices=KINDS,
        metavar="KIND",
        help="which faults, named below (default: the usual ones)",
    )
    add("--fault-seed", type=int, default=0, help="same seed, same faults")


def _workspace(options: argparse.Namespace) -> Workspace:
    dial = {"kinds": options.fault_kinds} if options.fault_kinds else {}
    return Workspace(
        id_code=options.workspace_id,
        region=options.region,
        timezone=options.timezone,
        oauth=OAuth(client_id=options.client_id, client_secret=options.client_secret),
        index_delay=options.index_delay,
        access=Access(tokens={options.token}, rate_limit=options.rate_limit),
        behaviour=Behaviour(
            default_version=options.default_version,
            latency=options.latency_ms / 1000,
            paging=options.paging,
            inclusive_bounds=options.inclusive_bounds,
        ),
        faults=Faults(rate=options.fault_rate, seed=options.fault_seed, **dial),
    )


def main(arguments: list[str] | None = None) -> None:
    """Builds the workspace that the options describe and serves it."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        workspace = _filled(options)
        serve(workspace, port=options.port, exit_with_parent=options.exit_with_parent)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        parser.error(str(error))


def _filled(options: argparse.Namespace) -> Workspace:
    workspace = _workspace(options)
    if options.records is not None:
        return load_records(options.records, workspace=workspace)
    generate(
        seed=options.seed,
        contacts=options.contacts,
        companies=options.companies,
        conversations=options.conversations,
        parts_per_conversation=options.parts,
        long_conversations=options.long_conversations,
        tickets=options.tickets,
        workspace=workspace,
    )
    for kind in ("contacts", "conversations", "tickets"):
        workspace.undate(kind, options.undated)
    return workspace


if __name__ == "__main__":
    main()

"""A stateful fake Intercom REST API, written from the API's own documents.

It is an independent witness: it imports nothing else of this package, and only
tests and demonstrations import it.

    workspace = generate(seed=7, contacts=100)
    app = create_app(workspace)                    # serve over ASGI in process ...
    serve(workspace, port=8765)                    # ... or on 127.0.0.1

`Workspace` may be changed while it is served: its methods are what people do in Intercom.
Its `access`, `behaviour` and `faults` decide who is let in, and what the answers are like.
"""

from intercom_simulator.access import Access
from intercom_simulator.app import create_app
from intercom_simulator.behaviour import Behaviour
from intercom_simulator.faults import FORMS, KINDS, MEANT, FaultKind, Faults, Form, Target
from intercom_simulator.generation import generate
from intercom_simulator.recorded import load_records
from intercom_simulator.records import Record
from intercom_simulator.request_log import LoggedRequest, RequestLog
from intercom_simulator.server import serve
from intercom_simulator.workspace import Workspace

__all__ = [
    "FORMS",
    "KINDS",
    "MEANT",
    "Access",
    "Behaviour",
    "FaultKind",
    "Faults",
    "Form",
    "LoggedRequest",
    "Record",
    "RequestLog",
    "Target",
    "Workspace",
    "create_app",
    "generate",
    "load_records",
    "serve",
]

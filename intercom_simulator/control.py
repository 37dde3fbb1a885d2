"""The control API under `/_simulator`: what a test or a demo does to the workspace.

Every action is a POST with a JSON object of the arguments of a `Workspace` method.
It has no credentials and answers to loopback only.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from intercom_simulator.behaviour import Behaviour
from intercom_simulator.calls import JsonResponse
from intercom_simulator.faults import Faults
from intercom_simulator.records import Json, Record
from intercom_simulator.workspace import Workspace

Action: TypeAlias = Callable[..., Json]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})
_OF_WORKSPACE = ("id_code", "name", "region", "timezone", "index_delay")
_OF_ACCESS = ("rate_limit", "scope_status")
# `hidden` holds sets, which JSON cannot say.
_OF_BEHAVIOUR = tuple(one.name for one in fields(Behaviour) if one.name != "hidden")
_OPEN = {
    "faults": ("rate", "kinds", "seed", "hang_seconds", "drip_seconds", "reset_after"),
    "deliver": ("field",),
    "engage": ("field",),
    "settings": (*_OF_WORKSPACE, *_OF_ACCESS, *_OF_BEHAVIOUR),
}
"""What the actions with further arguments take; a message and its events have any fields."""


def control_routes(workspace: Workspace) -> list[Route]:
    """Returns the routes of the control API."""
    control = Control(workspace)
    return [
        Route("/{action:path}", control.read, methods=["GET"]),
        Route("/{action}", control.act, methods=["POST"]),
    ]


def describe_actions() -> Iterator[tuple[str, str, str]]:
    """Yields each action's name, its arguments with optional ones in brackets, and what it does."""
    for name, action in sorted(Control(Workspace()).actions.items()):
        arguments = [
            one.name if one.default is one.empty else f"[{one.name}]"
            for one in inspect.signature(action).parameters.values()
            if one.kind is not one.VAR_KEYWORD
        ]
        arguments += [f"[{one}]" for one in _OPEN.get(name, ())]
        yield name, " ".join(arguments), (inspect.getdoc(action) or "").splitlines()[0]


class Control:
    """Runs control actions by name."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.actions: dict[str, Action] = {
            "add": workspace.add,
            "add_namesake": workspace.add_namesake,
            "touch": workspace.touch,
            "patch": workspace.patch,
            "undate": workspace.undate,
            "delete": workspace.delete,
            "log_activity": workspace.log_activity,
            "rename": workspace.rename,
            "reply": workspace.reply,
            "patch_part": workspace.patch_part,
            "delete_part": workspace.delete_part,
            "deliver": workspace.deliver,
            "engage": workspace.engage,
            "merge_contacts": workspace.merge_contacts,
            "set_company_segments": workspace.set_company_segments,
            "expire_scroll": workspace.scroll.expire,
            "clear_requests": workspace.log.clear,
            "faults": self._set_faults,
            "scopes": self._set_scopes,
            "tokens": self._set_tokens,
            "settings": self._set_settings,
        }

    async def act(self, request: Request) -> Response:
        """Runs a POST action; answers its result, or 400 with the reason."""
        action = self.actions.get(request.path_params["action"])
        if action is None:
            return _problem(404, f"actions are {', '.join(sorted(self.actions))}")
        if not _is_local(request):
            return _problem(403, "the control API answers to loopback only")
        try:
            arguments = json.loads(await request.body() or b"{}")
            inspect.signature(action).bind(**arguments)
            result = action(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            return _problem(400, str(error.args[0] if error.args else error))
        return JsonResponse({"ok": True, "result": result})

    async def read(self, request: Request) -> Response:
        """Answers `state`, `requests` or `truth/{resource}`."""
        if not _is_local(request):
            return _problem(403, "the control API answers to loopback only")
        name, _, rest = request.path_params["action"].partition("/")
        query = request.query_params
        if name == "state":
            return JsonResponse(self._workspace.state(with_ids=query.get("ids") != "false"))
        if name == "requests":
            return JsonResponse(self._requests(entries=query.get("entries") == "true"))
        if name == "truth":
            return self._truth(rest, query.get("version", "2.16"))
        return _problem(404, "GET state, requests or truth/{resource}")

    def _truth(self, resource: str, version: str) -> Response:
        try:
            return JsonResponse(self._workspace.truth(resource, version))
        except (KeyError, ValueError) as error:
            return _problem(404, str(error.args[0]))

    def _requests(self, *, entries: bool) -> Record:
        log = self._workspace.log
        found: Record = {"total": log.total(), "counts": dict(log.counts)}
        return found | {"entries": log.rows()} if entries else found

    def _set_faults(self, targets: list[Record] | None = None, **dial: Json) -> Record:
        """Sets which requests fail: a share, and targets (method, path, kind; call, times...)."""
        faults = Faults(**dial)
        for target in targets or []:
            faults.on(**target)
        self._workspace.faults = faults
        return {item.name: getattr(faults, item.name) for item in fields(faults)} | {
            "reset_error": None,
            "hang_error": None,
        }

    def _set_scopes(
        self, missing: list[str], status: int = 403, paths: dict[str, str] | None = None
    ) -> None:
        """Takes permissions from the token, or refuses paths with a reason."""
        if status not in {401, 403}:
            raise ValueError("status must be 401 or 403")
        access = self._workspace.access
        access.missing_scopes, access.refused_paths = set(missing), paths or {}
        access.scope_status = 401 if status == 401 else 403

    def _set_tokens(self, tokens: list[str], refused: dict[str, str] | None = None) -> None:
        """Sets the accepted tokens, and those refused with a reason."""
        access = self._workspace.access
        access.tokens, access.refused_tokens = set(tokens), refused or {}

    def _set_settings(self, **settings: Json) -> Record:
        """Sets what is given of the workspace, access and behaviour; answers all of it."""
        workspace = self._workspace
        holders: dict[str, object] = (
            dict.fromkeys(_OF_WORKSPACE, workspace)
            | dict.fromkeys(_OF_ACCESS, workspace.access)
            | dict.fromkeys(_OF_BEHAVIOUR, workspace.behaviour)
        )
        if settings.keys() - holders.keys():
            raise ValueError(f"settings are {', '.join(holders)}")
        for name, value in settings.items():
            setattr(holders[name], name, value)
        return {name: getattr(holder, name) for name, holder in holders.items()}


def _is_local(request: Request) -> bool:
    return request.client is not None and request.client.host in _LOOPBACK


def _problem(status: int, message: str) -> Response:
    return JsonResponse({"ok": False, "error": message}, status)

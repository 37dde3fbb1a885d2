"""What people set up once: the app, admins, teams, tags, attributes, segments, ticket types."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, parameter_invalid

_KINDS = {
    "contact": "contact_attributes",
    "company": "company_attributes",
    "conversation": "conversation_data_attributes",
}


def me(call: Call) -> Json:
    """Answers the admin behind the token and the workspace."""
    workspace = call.workspace
    admin: Record = next(iter(workspace.collection("admins")), {})
    return {
        "type": "admin",
        "id": str(admin.get("id", "1")),
        "email": admin.get("email", f"owner@{workspace.id_code}.example"),
        "name": admin.get("name", "Workspace owner"),
        "email_verified": True,
        "app": {
            "type": "app",
            "id_code": workspace.id_code,
            "name": workspace.name,
            "created_at": 1672531200,
            "secure": False,
            "identity_verification": False,
            "timezone": workspace.timezone,
            "region": workspace.region.upper(),
        },
        "avatar": {"type": "avatar", "image_url": "https://static.example/avatars/128.png"},
        "has_inbox_seat": admin.get("has_inbox_seat", True),
    }


def admins(call: Call) -> Json:
    """Answers all admins; avatars only when asked for."""
    shown = call.flag("display_avatar")
    records = [
        record if shown else {name: record[name] for name in record if name != "avatar"}
        for record in _all(call, "admins")
    ]
    return call.listed(records, kind="admin.list", key="admins")


def teams(call: Call) -> Json:
    """Answers all teams."""
    return call.listed(_all(call, "teams"), kind="team.list", key="teams")


def tags(call: Call) -> Json:
    """Answers all tags."""
    return call.listed(_all(call, "tags"))


def segments(call: Call) -> Json:
    """Answers all segments; counts only when asked for."""
    counted = call.flag("include_count")
    records = [
        record if counted else {name: record[name] for name in record if name != "count"}
        for record in _all(call, "segments")
    ]
    return call.listed(records, kind="segment.list", key="segments")


def ticket_types(call: Call) -> Json:
    """Answers all ticket types, from version 2.9 on."""
    call.requires((2, 9))
    return call.listed(_all(call, "ticket_types"))


def ticket_states(call: Call) -> Json:
    """Answers all ticket states, from version 2.12 on."""
    call.requires((2, 12))
    return call.listed(_all(call, "ticket_states"))


def data_attributes(call: Call) -> Json:
    """Answers the attributes of one model or of all, archived ones when asked for."""
    records = [
        record
        for model in _models(call)
        for record in _attributes(call, _KINDS[model])
        if call.flag("include_archived") or not record.get("archived")
    ]
    return call.listed(records)


def _attributes(call: Call, kind: str) -> list[Record]:
    twins = call.workspace.namesakes.get(kind, [])
    return [*_all(call, kind), *(call.shaped(kind, twin) for twin in twins)]


def _models(call: Call) -> tuple[str, ...]:
    model = call.query.get("model")
    models = tuple(_KINDS)
    served = models if call.version < (2, 16) else models[:2]
    if model is None:
        return served
    if model in served:
        return (model,)
    if model == "conversation":
        raise ApiError(
            422,
            "parameter_invalid",
            "model=conversation is no longer supported. Use GET /conversations/attributes instead",
        )
    raise parameter_invalid(f"model {model} is unknown")


def _all(call: Call, kind: str) -> list[Record]:
    return [call.shaped(kind, record) for record in call.workspace.collection(kind)]

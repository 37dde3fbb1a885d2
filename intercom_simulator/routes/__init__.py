"""The endpoints of the API, one module a family; each handler is a plain function."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from intercom_simulator.calls import EXCHANGE, Exchange, Handler, JsonResponse
from intercom_simulator.forms import reshaped
from intercom_simulator.routes import (
    activity,
    articles,
    beside,
    companies,
    contacts,
    conversations,
    events,
    exports,
    hours,
    lists,
    objects,
    operations,
    phone,
    redirects,
    reports,
    setup,
    tickets,
)

_GET: dict[str, Handler] = {
    "/me": setup.me,
    "/admins": setup.admins,
    "/admins/activity_logs": activity.activity_logs,
    "/teams": setup.teams,
    "/tags": setup.tags,
    "/data_attributes": setup.data_attributes,
    "/segments": setup.segments,
    "/ticket_types": setup.ticket_types,
    "/ticket_states": setup.ticket_states,
    "/companies/scroll": companies.scroll,
    "/companies/{id}": companies.company,
    "/companies/{id}/segments": companies.segments,
    "/companies/{id}/notes": companies.notes,
    "/contacts": contacts.contacts,
    "/contacts/{id}": contacts.contact,
    "/contacts/{id}/tags": contacts.tags,
    "/contacts/{id}/companies": contacts.companies,
    "/contacts/{id}/notes": contacts.notes,
    "/contacts/{id}/segments": contacts.segments,
    "/contacts/{id}/subscriptions": contacts.subscriptions,
    "/conversations": conversations.conversations,
    "/conversations/deleted": conversations.deleted,
    **lists.handlers(),
    "/conversations/{id}": conversations.conversation,
    "/conversations/{id}/handling_events": beside.handling_events,
    "/conversations/{id}/side_conversations": beside.side_conversations,
    "/events": events.events,
    "/custom_object_instances/{id}": objects.instances,
    "/office_hours_schedules": hours.schedules,
    "/office_hours_schedules/{id}/office_hours_exceptions": hours.exceptions,
    "/data_connectors/{id}/execution_results": operations.executions,
    "/teams/{id}/metrics": operations.metrics,
    "/tickets/{id}": tickets.ticket,
    "/help_center/help_centers/{id}/redirects": redirects.redirects,
    "/articles/{id}": articles.article,
    "/articles/{id}/versions": articles.versions,
    "/export/content/data/{job}": exports.state,
    "/download/content/data/{job}": exports.download,
    "/export/reporting_data/get_datasets": reports.datasets,
    "/export/reporting_data/{job}": reports.state,
    "/download/reporting_data/{job}": reports.download,
}
_POST: dict[str, Handler] = {
    "/calls/search": phone.search,
    "/companies/list": companies.listing,
    "/contacts/search": contacts.search,
    "/conversations/search": conversations.search,
    "/tickets/search": tickets.search,
    "/export/content/data": exports.create,
    "/export/cancel/{job}": exports.cancel,
    "/export/reporting_data/enqueue": reports.enqueue,
}


def api_routes() -> list[Route]:
    """Returns a route for every endpoint that the simulator serves."""
    return [
        *(Route(path, _endpoint(handler), methods=["GET"]) for path, handler in _GET.items()),
        *(Route(path, _endpoint(handler), methods=["POST"]) for path, handler in _POST.items()),
    ]


def _endpoint(handler: Handler) -> Callable[[Request], object]:
    """Adapts a handler, a plain function of the call, to Starlette."""

    async def respond(request: Request) -> Response:
        exchange: Exchange = request.scope[EXCHANGE]
        call = exchange.call(request)
        answer = handler(call)
        if isinstance(answer, Response):
            return answer
        return JsonResponse(reshaped(call, answer, exchange.form) if exchange.form else answer)

    return respond

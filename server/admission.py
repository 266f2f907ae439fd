"""Admission of a request to an endpoint: key, scope, origin and rate, in this order, before its body is read."""

from typing import Any

from starlette.requests import Request

from domain.accounts import Scope
from server.auth import Admission, require_origin, require_scope, within
from server.logs import note


async def admit(request: Request, scope: Scope | None = None) -> Admission:
    """Who sends this request, or `HttpRefusal` (401, 403, 429, 503); `DatabaseUnavailable` becomes a 503 too."""
    deployment: Any = request.app.state.deployment
    admission: Admission = await within(
        deployment.limits.database_wait_seconds, deployment.keyring, request.headers.get("authorization")
    )
    note(request.scope, workspace_id=str(admission.viewer.workspace_id), key_id=str(admission.viewer.key_id))
    require_origin(admission, request)
    if scope is not None:
        require_scope(admission, scope)
    deployment.request_rates.charge(admission.key)
    return admission

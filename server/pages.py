"""The built pages: the dashboard at /, GraphiQL at /graphiql, their files with a name that changes with the content."""

from mimetypes import guess_type
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

# Pages load nothing from elsewhere and run no inline script. Editors place styles on elements, and the workers of
# GraphiQL are files of ours.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Parlance</title>
<h1>The pages are not built yet</h1>
<p>The API works: GraphQL at <code>/graphql</code>, events at <code>/v1/events</code>.</p>
<p>Build the pages with <code>python3 dev.py web</code>, then load this page again.</p></html>"""


def page_routes(built: Path) -> list[Route]:
    async def dashboard(request: Request) -> Response:
        return _page(built / "index.html")

    async def graphiql(request: Request) -> Response:
        return _page(built / "graphiql.html")

    async def asset(request: Request) -> Response:
        encodings = request.headers.get("accept-encoding", "")
        return _asset(built, "assets/" + request.path_params["name"], _FOREVER, encodings)

    return [
        Route("/", dashboard, methods=["GET"]),
        Route("/explore", dashboard, methods=["GET"]),
        Route("/graphiql", graphiql, methods=["GET"]),
        Route("/assets/{name}", asset, methods=["GET"]),
    ]


def _page(file: Path) -> Response:
    if not file.is_file():
        return HTMLResponse(_NOT_BUILT, status_code=503, headers={**_HEADERS, "Cache-Control": "no-store"})
    return FileResponse(file, media_type="text/html", headers={**_HEADERS, "Cache-Control": "no-cache"})


def _asset(built: Path, name: str, kept: str, encodings: str) -> Response:
    """One folder, one level: the route's parameter holds no slash, and a name that leads out is not found."""
    file = built / name
    if ".." in name or not file.is_file():
        return Response("Not found", status_code=404, media_type="text/plain")
    headers = {**_HEADERS, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    packed = file.with_name(f"{file.name}.gz")  # made by the build, once, instead of at every request
    if "gzip" in encodings and packed.is_file():
        kind = guess_type(file.name)[0]
        return FileResponse(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(file, headers=headers)

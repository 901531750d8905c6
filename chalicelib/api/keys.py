"""Routes of API keys: make, list, rotate and revoke them. All need the scope admin."""

from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import parse_limit, read_parameter
from chalicelib.api.doors import NO_STORE, Doors, json_answer, read_json, route
from chalicelib.core.keys import describe_key, parse_workspace
from chalicelib.service.keys import IssuedKey, KeyService


def _workspace(text: str) -> str | None:
    return parse_workspace(text) if text else None


def routes(keys: KeyService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def answer(issued: IssuedKey) -> Response:
        now = keys.now()
        body: dict[str, Any] = {"key": issued.text, **describe_key(issued.key, now)}
        if issued.replaced:
            body["replaced"] = describe_key(issued.replaced, now)
        return json_answer(body, 201)

    @route(api, "/v1/keys", ["POST"])
    def create_key(request: Request) -> Response:
        access = doors.admit(request, "admin")
        return answer(keys.issue(access, read_json(request)))

    @route(api, "/v1/keys", ["GET"])
    def list_keys(request: Request) -> Response:
        access = doors.admit(request, "admin")
        workspace = read_parameter(request, "workspace", "", _workspace)
        limit = read_parameter(request, "limit", "50", parse_limit)
        after = read_parameter(request, "cursor", "", str.strip) or None
        page = keys.list(access, workspace, limit, after)
        listed = [describe_key(key, keys.now()) for key in page.keys]
        return json_answer({"keys": listed, "next_cursor": listed[-1]["id"] if page.more else None})

    @route(api, "/v1/keys/{key_id}", ["DELETE"])
    def revoke_key(request: Request, key_id: str) -> Response:
        keys.revoke(doors.admit(request, "admin"), key_id)
        return Response("", dict(NO_STORE), 204)

    @route(api, "/v1/keys/{key_id}/rotate", ["POST"])
    def rotate_key(request: Request, key_id: str) -> Response:
        access = doors.admit(request, "admin")
        body = read_json(request) if request.raw_body else {}
        return answer(keys.rotate(access, key_id, body))

    return api

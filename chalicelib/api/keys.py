"""Routes of API keys: make, list, rotate and revoke them. All need the scope admin."""

import json
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import LIMIT, Parameter, check_parameters, read_declared, read_parameter
from chalicelib.api.doors import NO_STORE, Doors, json_answer, read_json, refuse_key, route
from chalicelib.core.cursors import read_cursor, write_cursor
from chalicelib.core.errors import Invalid, KeyConflict, NotFound
from chalicelib.core.keys import (
    KEY_FIELDS,
    ROTATION_FIELDS,
    WORKSPACE_SCHEMA,
    describe_key,
    parse_workspace,
)
from chalicelib.service.keys import IssuedKey, KeyService, reach_workspace


_NO_KEY = "A key's text is answered once, so no second answer could be the same."
PARAMETERS = (
    LIMIT,
    Parameter("cursor", {"type": "string"}, "The `next_cursor` of the page before."),
    Parameter("workspace", WORKSPACE_SCHEMA, "Of this workspace instead of the key's own."),
)


def routes(keys: KeyService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def answer(issued: IssuedKey) -> Response:
        now = keys.now()
        body: dict[str, Any] = {"key": issued.text, **describe_key(issued.key, now)}
        if issued.replaced:
            body["replaced"] = describe_key(issued.replaced, now)
        return json_answer(body, 201)

    @route(
        api,
        "/v1/keys",
        ["POST"],
        lambda say: say.Operation(
            "API keys",
            {201: say.json_of("The new key, with its text.", say.ISSUED_KEY)},
            errors=(Invalid,),
            body=say.Body(
                say.Model("NewKey", say.body_of(KEY_FIELDS, ["name"])), say.NEW_KEY_EXAMPLE
            ),
        ),
    )
    def create_key(request: Request) -> Response:
        """Make a key.

        Its text is in this answer and nowhere else. Keys of the workspace `default` may make keys
        for other workspaces, whose links they can't open themselves.
        """
        access = doors.admit(request, "admin")
        refuse_key(request, _NO_KEY)
        return answer(keys.issue(access, read_json(request)))

    @route(
        api,
        "/v1/keys",
        ["GET"],
        lambda say: say.Operation(
            "API keys",
            {200: say.json_of("A page of keys, newest first.", say.KEY_PAGE)},
            errors=(Invalid,),
            parameters=PARAMETERS,
        ),
    )
    def list_keys(request: Request) -> Response:
        """List keys.

        Without their texts, which nobody has but their owners; those that have ended for 90 days.
        """
        access = doors.admit(request, "admin")
        check_parameters(request, PARAMETERS)
        given = "workspace" in (request.query_params or {})
        named = read_parameter(request, "workspace", "", parse_workspace) if given else None
        workspace = reach_workspace(access, named)
        list_name = json.dumps(["keys", workspace])

        def position(cursor: str) -> str | None:
            return read_cursor(doors.cursor_secret, list_name, cursor) if cursor else None

        limit = read_declared(request, LIMIT)
        page = keys.list(access, workspace, limit, read_parameter(request, "cursor", "", position))
        listed = [describe_key(key, keys.now()) for key in page.keys]
        last = page.keys[-1].id if page.more else None
        cursor = last and write_cursor(doors.cursor_secret, list_name, last)
        return json_answer({"keys": listed, "next_cursor": cursor})

    @route(
        api,
        "/v1/keys/{key_id}",
        ["DELETE"],
        lambda say: say.Operation(
            "API keys",
            {204: say.Answer("The key opens nothing any more, everywhere within 60 seconds.")},
            errors=(NotFound,),
            parameters=(say.KEY_ID,),
        ),
    )
    def revoke_key(request: Request, key_id: str) -> Response:
        """Revoke a key."""
        keys.revoke(doors.admit(request, "admin"), key_id)
        return Response("", dict(NO_STORE), 204)

    @route(
        api,
        "/v1/keys/{key_id}/rotate",
        ["POST"],
        lambda say: say.Operation(
            "API keys",
            {201: say.json_of("The key that replaces it.", say.ROTATED_KEY)},
            errors=(NotFound, KeyConflict, Invalid),
            parameters=(say.KEY_ID,),
            body=say.Body(
                say.Model("Rotation", say.body_of(ROTATION_FIELDS)),
                {"overlap_for": 3600},
                is_required=False,
            ),
        ),
    )
    def rotate_key(request: Request, key_id: str) -> Response:
        """Rotate a key.

        Makes the key that replaces it; the old one lives on for the overlap, so that programs can
        change over.
        """
        access = doors.admit(request, "admin")
        refuse_key(request, _NO_KEY)
        body = read_json(request) if request.raw_body else {}
        return answer(keys.rotate(access, key_id, body))

    return api

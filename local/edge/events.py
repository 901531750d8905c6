"""Events as CloudFront hands them to a function: what is in them, for each of the four moments."""

import base64
from typing import Any

from local.edge.distributions import Origin
from local.edge.messages import Headers, Request, Response, headers_from, reason_of


Json = dict[str, Any]
# So much of a body is shown to a function; the origin gets all of it.
SHOWN_BODY = {"viewer-request": 40 * 1024, "origin-request": 1024 * 1024}


def request_part(
    request: Request, headers: Headers | None = None, query: str | None = None
) -> Json:
    """`cf.request` of a request; `headers` and `query` where the origin gets others."""
    return {
        "clientIp": request.client[0],
        "headers": request.headers if headers is None else headers,
        "method": request.method,
        "querystring": request.query if query is None else query,
        "uri": request.path,
    }


def body_part(kind: str, body: bytes) -> Json:
    """`cf.request.body`, for functions that asked for it."""
    most = SHOWN_BODY[kind]
    return {
        "action": "read-only",
        "data": base64.b64encode(body[:most]).decode(),
        "encoding": "base64",
        "inputTruncated": len(body) > most,
    }


def origin_part(origin: Origin) -> Json:
    """`cf.request.origin`: the origin that is about to be asked, which a function may change."""
    common = {
        "customHeaders": headers_from(origin.headers),
        "domainName": origin.domain,
        "path": origin.path,
    }
    if origin.is_s3:
        return {"s3": {**common, "authMethod": "none", "region": ""}}
    secure = origin.protocol != "http-only"
    return {
        "custom": {
            **common,
            "keepaliveTimeout": 5,
            "port": 443 if secure else 80,
            "protocol": "https" if secure else "http",
            "readTimeout": int(origin.read_within),
            "sslProtocols": ["TLSv1.2"],
        }
    }


def response_part(response: Response) -> Json:
    """`cf.response` of an origin's answer: a function never sees its body."""
    return {
        "headers": response.headers,
        "status": str(response.status),
        "statusDescription": response.reason or reason_of(response.status),
    }


def event_of(kind: str, config: Json, request: Json, response: Json | None = None) -> Json:
    """The event of one record; `config` is what is the same for all of a request's events."""
    cf = {"config": {**config, "eventType": kind}, "request": request}
    if response is not None:
        cf["response"] = response
    return {"Records": [{"cf": cf}]}

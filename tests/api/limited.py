"""Every keyed operation called with a key that has used up its minute."""

import re

from tests.api.driver import Api


def exercise_limited(api: Api) -> None:
    """Call each once; the first request is the one that the key may make."""
    api.keyed("GET", "/links")
    for path, item in api.contract.document["paths"].items():
        for method, operation in item.items():
            if operation["security"]:
                bodies = operation.get("requestBody", {}).get("content", {"application/json": None})
                target = re.sub(r"\{\w+\}", "x", path.removeprefix("/v1"))
                api.keyed(method.upper(), target, b"{}", Content_Type=next(iter(bodies)))

"""What botocore knows of AWS, cut down to the services that the function calls.

The whole is 28 MB about 400 services. To make one client, botocore looks into each of their folders
and reads the endpoints of all, and then the manual of the one: half of what a client costs.
"""

import gzip
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any


# What chalicelib makes clients of, and what its policies allow: a test compares.
SERVICES = frozenset({"cloudfront", "dynamodb", "lambda", "s3"})
DATA = "botocore/data/"


class MissingServiceError(RuntimeError):
    """Botocore has no data about a service that the function calls."""


def is_of_other_service(name: str, services: Collection[str] = SERVICES) -> bool:
    """Whether a file in the zip is about a service that nobody calls, or no more than examples."""
    if not name.startswith(DATA):
        return False
    service, _, rest = name.removeprefix(DATA).partition("/")
    return bool(rest) and (service not in services or "/examples-" in rest)


def trim(data: Path, services: Collection[str] = SERVICES) -> None:
    """Rewrite what is left in botocore's `data` folder, so that it is read in less time.

    MissingServiceError when one of the services is not there, which no function would survive.
    """
    missing = sorted(name for name in services if not (data / name).is_dir())
    if missing:
        raise MissingServiceError(f"botocore has no data about {', '.join(missing)}.")
    for model in data.glob("*/*/*.json.gz"):
        _write(model.with_suffix(""), without_manual(json.loads(gzip.decompress(_take(model)))))
    endpoints = data / "endpoints.json"
    _write(endpoints, only_endpoints_of(services, json.loads(_take(endpoints))))


def without_manual(model: Any) -> Any:
    """A model with its documentation empty; not absent, as botocore asks for some of it."""
    if isinstance(model, list):
        return [without_manual(part) for part in model]
    if not isinstance(model, dict):
        return model
    return {
        name: "" if name == "documentation" and isinstance(part, str) else without_manual(part)
        for name, part in model.items()
    }


def only_endpoints_of(services: Collection[str], endpoints: dict[str, Any]) -> dict[str, Any]:
    """All partitions and their regions, with the endpoints of these services alone."""
    partitions = [
        {**one, "services": {name: it for name, it in one["services"].items() if name in services}}
        for one in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _take(path: Path) -> bytes:
    content = path.read_bytes()
    path.unlink()
    return content


def _write(path: Path, content: Any) -> None:
    # Not compressed: the zip is, and Lambda undoes that before the cold start.
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")

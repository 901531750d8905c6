"""CloudFront's form of requests and responses: headers are lists by their names in lower case."""

from collections.abc import Callable, Mapping
from typing import Any


Message = dict[str, Any]  # a request, or a response
Event = Mapping[str, Any]


def request_of(event: Event) -> Message:
    """The request of an event, ours to change and give back."""
    request: Message = event["Records"][0]["cf"]["request"]
    return request


def id_of(event: Event) -> str:
    """What CloudFront calls the visitor's request, the same for each origin that is tried."""
    return str(event["Records"][0]["cf"]["config"].get("requestId", ""))


def response_of(event: Event) -> Message:
    """The response of an event."""
    response: Message = event["Records"][0]["cf"]["response"]
    return response


def header(message: Message, name: str) -> str:
    """A header's value; those of several with one name joined, empty without any."""
    values = message["headers"].get(name)
    return ", ".join([one["value"] for one in values]) if values else ""


def put(message: Message, name: str, value: str) -> None:
    """Set a header, in place of all that have its name."""
    message["headers"][name.lower()] = [{"key": name, "value": value}]


def drop(message: Message, is_dropped: Callable[[str], bool]) -> None:
    """Take away headers by their names in lower case."""
    headers = message["headers"]
    for name in [name for name in headers if is_dropped(name)]:
        del headers[name]

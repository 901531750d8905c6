"""How the texts of settings are read: each raises ValueError with what would do."""

import re
from collections.abc import Callable

from chalicelib.core.destinations import NEVER_SCHEMES, WEB_SCHEMES
from chalicelib.core.hosts import bare_host


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,128}", re.ASCII)
_QUEUE = re.compile(r"https?://[A-Za-z0-9.:-]+/[0-9]+/[A-Za-z0-9_-]{1,80}", re.ASCII)
_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NAME_OF_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_STREAM = re.compile(
    r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/[0-9A-Za-z:.-]+",
    re.ASCII,
)
_DISTRIBUTION = re.compile(r"[A-Z0-9]{10,20}", re.ASCII)
_WORKSPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
_CLUSTER = re.compile(r"daxs?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[^?#\s]*)?", re.ASCII)


class Hidden(ValueError):
    """A value that can't be used, and must not be shown."""


def one_of(*allowed: str) -> Callable[[str], str]:
    """The text itself, which is one of these."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"one of {', '.join(repr(one) for one in allowed)}")
        return text

    return parse


def switch(text: str) -> bool:
    """Whether it is on."""
    return one_of("on", "off")(text) == "on"


def words(text: str) -> frozenset[str]:
    """Words with commas or spaces between, in lower case."""
    return frozenset(text.casefold().replace(",", " ").split())


def hosts(text: str) -> frozenset[str]:
    """Host names, without their spellings that are the same."""
    found = words(text)
    if any("/" in host or "@" in host for host in found):
        raise ValueError("host names alone, like sho.rt or sho.rt:8080")
    return frozenset(map(bare_host, found))


def schemes(text: str) -> frozenset[str]:
    """Schemes that links may have besides those of the web."""
    found = words(text)
    if found & (NEVER_SCHEMES | WEB_SCHEMES) or not all(map(_SCHEME.fullmatch, found)):
        raise ValueError("schemes other than http, https and those that run code or read files")
    return found


def base_url(text: str) -> str:
    """An address without a slash at its end, or nothing."""
    if text and not _BASE_URL.fullmatch(text):
        raise ValueError("an address like https://sho.rt, with no user, query or fragment")
    return text.rstrip("/")


def origins(text: str) -> frozenset[str]:
    """Origins as browsers write them."""
    return frozenset(map(_origin, words(text)))


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise ValueError(
            "origins named one by one, like https://app.example.com or http://localhost:3000 "
            "(`*` and `null` would let in pages of anyone)"
        )
    # As browsers write it: in lower case, and without the port that the scheme has anyway.
    usual = {"https": ":443", "http": ":80"}.get(match["scheme"], ":")
    return text.removesuffix(usual)


def regions(text: str) -> tuple[str, ...]:
    """Regions named one by one, each once; ValueError says how they look."""
    found = tuple(dict.fromkeys(in_order(text)))
    if not all(map(_NAME_OF_REGION.fullmatch, found)):
        raise ValueError("regions like us-east-1,eu-west-1")
    return found


def table_endpoints(text: str) -> tuple[tuple[str, str], ...]:
    """Regions with their addresses; a tuple, as what is made of a configuration is kept by it."""
    endpoints = dict(one.partition("=")[::2] for one in in_order(text))
    good = all(
        _NAME_OF_REGION.fullmatch(at) and _BASE_URL.fullmatch(endpoints[at]) for at in endpoints
    )
    if not good:
        raise ValueError("addresses by region, like eu-west-1=http://127.0.0.1:8002")
    return tuple(endpoints.items())


def limit(text: str) -> int:
    """A number of requests a minute; 0 is none."""
    if text == "off":
        return 0
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII):
        raise ValueError("a whole number of requests a minute, or 'off'")
    return int(text)


def name(text: str) -> str:
    """A name of a few characters, or none."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]{0,64}", text, re.ASCII):
        raise ValueError("up to 64 of letters, digits and . _ + -")
    return text


def stage(text: str) -> str:
    """A name that is not empty."""
    if not text:
        raise ValueError("a name like prod")
    return name(text)


def digest(text: str) -> str:
    """A SHA-256 in hexadecimal, or nothing."""
    if text and (len(text) != 64 or not set(text) <= set("0123456789abcdef")):
        raise ValueError("64 hexadecimal digits, as `python -m tools key` prints")
    return text


def origin_secrets(text: str) -> tuple[str, ...]:
    """What the edge proves itself with, the newest first."""
    secrets = tuple(text.replace(",", " ").split())
    if any(not _SECRET.fullmatch(one) for one in secrets):
        # Nothing of it is told: this text is printed.
        raise Hidden("secrets as `python -m tools edge secret` draws, the newest first")
    return secrets


def bucket(text: str) -> str:
    """The name of a bucket, or nothing."""
    if text and not _BUCKET.fullmatch(text):
        raise ValueError("the name of an S3 bucket alone, like everhop-prod-files-1234")
    return text


def queue(text: str) -> str:
    """The URL of an SQS queue, or none."""
    if text and not _QUEUE.fullmatch(text):
        raise ValueError("a queue's URL, like https://sqs.us-east-1.amazonaws.com/1234/name")
    return text


def function(text: str) -> str:
    """The name of a function, or nothing."""
    if text and not _FUNCTION.fullmatch(text):
        raise ValueError("the name of a Lambda function alone, like everhop-prod-worker")
    return text


def stream(text: str) -> str:
    """The ARN of a stream, or nothing."""
    if text and not _STREAM.fullmatch(text):
        raise ValueError("the ARN of a stream, like arn:aws:dynamodb:...:table/.../stream/...")
    return text


def distribution(text: str) -> str:
    """The id of a distribution, or nothing."""
    if text and not _DISTRIBUTION.fullmatch(text):
        raise ValueError("the id of a CloudFront distribution, like E1A2B3C4D5E6F7")
    return text


def cluster(text: str) -> str:
    """The endpoint of a DAX cluster, or nothing."""
    if text and not _CLUSTER.fullmatch(text):
        raise ValueError("a cluster's endpoint, like daxs://name.abc123.dax-clusters.aws.com")
    return text


def milliseconds(text: str) -> float:
    """Milliseconds as seconds."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text, re.ASCII):
        raise ValueError("a whole number of milliseconds, from 1 to 9999")
    return int(text) / 1000


def few(text: str) -> int:
    """A whole number from 1 on."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text, re.ASCII):
        raise ValueError("a whole number from 1 to 999")
    return int(text)


def some(text: str) -> int:
    """A whole number from 0 on."""
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII):
        raise ValueError("a whole number from 0, which is off, to 999")
    return int(text)


def in_order(text: str) -> tuple[str, ...]:
    """Words with commas or spaces between, in their order."""
    return tuple(text.replace(",", " ").split())


def workspaces(text: str) -> tuple[str, ...]:
    """Names of workspaces with commas or spaces between, each once."""
    found = tuple(dict.fromkeys(in_order(text)))
    if not found or not all(map(_WORKSPACE.fullmatch, found)):
        raise ValueError("names of workspaces, like default, shop")
    return found

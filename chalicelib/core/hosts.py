"""Host names and addresses: which are private, which are our own, which shorten links too."""

import ipaddress
import unicodedata
from urllib.parse import unquote


# Well-known public shorteners; a deployment refuses them with EVERHOP_DENY_SHORTENERS.
SHORTENERS = frozenset(
    "bit.ly bitly.com buff.ly cutt.ly dub.sh goo.gl is.gd kutt.it lnkd.in ow.ly rb.gy "
    "rebrand.ly s.id short.io shorturl.at t.co t.ly tiny.cc tinyurl.com v.gd".split()
)
# Japanese and Korean names mix these by nature.
_SAME_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK"}
# Cyrillic letters that pass for Latin ones need no second alphabet to fool.
_LOOK_ALIKE = frozenset("аеорсухіјԁһѕԛԝӏ0123456789-")
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet")


def bare_host(host: str) -> str:
    """The host as it is compared: lower case, no trailing dot, no leading `www.`."""
    return host.lower().removesuffix(".").removeprefix("www.")


def is_private_host(host: str) -> bool:
    """Whether the host (as a WHATWG parser serialises it) can only be reached from inside."""
    name = host.lower().removesuffix(".")
    try:
        return not _address(name).is_global
    except ValueError:
        return "." not in name or name.endswith(_PRIVATE_SUFFIXES)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def network_of(address: str) -> str:
    """What stands for one visitor: an IPv4 address, or the /64 that an IPv6 one is drawn from."""
    try:
        found = _address(address)
    except ValueError:
        return address
    bits = 64 if found.version == 6 else 32
    return str(ipaddress.ip_network((found, bits), strict=False))


def is_listed_host(host: str, listed: frozenset[str]) -> bool:
    """Whether the host or a domain above it is in the list."""
    parts = bare_host(host).split(".")
    return any(".".join(parts[start:]) in listed for start in range(len(parts)))


def is_own_host(host: str, port: str, own: frozenset[str]) -> bool:
    """Whether `host` is one of ours; an entry with a port means that port alone."""
    bare = bare_host(host)
    return bare in own or f"{bare}:{port}" in own


def unicode_host(host: str) -> str:
    """The host as its owner writes it, where it is in punycode; else as it is."""
    try:
        return ".".join(map(_unicode_label, host.split(".")))
    except UnicodeError:
        return host


def _unicode_label(label: str) -> str:
    return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label


def readable_url(url: str) -> str:
    """The URL as its owner would type it: the host in its script, the rest decoded."""
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{unicode_host(host)}{slash}{unquote(path)}"


def is_disguised(host: str) -> bool:
    """Whether a label could pass for another: mixed alphabets, or Cyrillic that reads as Latin."""
    return any(len(_scripts(label)) > 1 or _reads_as_latin(label) for label in host.split("."))


def _reads_as_latin(label: str) -> bool:
    return not label.isascii() and set(label) <= _LOOK_ALIKE


def _scripts(label: str) -> set[str]:
    names = (unicodedata.name(letter, "").split(" ")[0] for letter in label if letter.isalpha())
    return {_SAME_SCRIPT.get(name, name) for name in names}

"""Clicks tallied: what a log's requests come to, by link and hour, before anything is written.

No address is looked at. What is kept of a line is the hour, the slug, and a few words that many
visitors share.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from chalicelib.core.access_logs import Problems, Request, text_of
from chalicelib.core.agents import read_agent
from chalicelib.core.counts import LONGEST_VALUE, UNKNOWN, name_of
from chalicelib.core.links import REDIRECT_STATUSES
from chalicelib.core.rules import VARIANT, is_variant_id
from chalicelib.core.short_paths import PREVIEW, split_path
from chalicelib.core.slugs import SlugPolicy, can_be_slug, decode_slug, slug_key
from chalicelib.core.visitors import preferred_languages


K = TypeVar("K")
V = TypeVar("V")
# Of what a request was: a click, one that followed nothing, a look before following, or none of it.
FOLLOWED, ORPHAN, PREVIEWED, HEADED, NOTHING = range(5)
_KIND = {PREVIEWED: ("previews",), HEADED: ("heads",)}
OTHER, BAD_TIME = -1, -2  # in place of a group
PRIVATE = -1  # in place of a language: of who asks for privacy nothing but the click is counted
_FOLLOWED = frozenset(str(status) for status in REDIRECT_STATUSES)
# 303 to a GET leads to the link's other address, where the click is; see api/redirects. To a form
# with a password it is the redirect itself.
_FORM_FOLLOWED = _FOLLOWED | {"303"}
_MISSED = frozenset({"404", "410"})
_DOORS = ("/api/r/", "/api/v/")  # what redirects are below the API, where forms are posted to
_UTM = ("utm_source", "utm_medium", "utm_campaign")


class Memo(dict[K, V]):
    """What was made of a value, for as long as there are not too many."""

    def __init__(self, make: Callable[[K], V], most: int = 20_000) -> None:
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, key: K) -> V:
        if len(self) >= self._most:
            self.clear()
        value = self[key] = self._make(key)
        return value


class Group(NamedTuple):
    """The requests for one slug in one hour (UTC) that were redirected, or followed nothing."""

    hour: datetime
    slug_key: str
    orphan: bool


Names = tuple[str, ...]


class Numbering(dict[K, int]):
    """Numbers for things, in the order in which they are first asked for."""

    def __missing__(self, key: K) -> int:
        number = self[key] = len(self)
        return number


class Tally:
    """Counts by group, of requests that may come in parts.

    A line costs a few look-ups of what it shares with lines before it. What it counts under is
    noted in numbers: they are summed, and names made of the sums, when all lines are read.
    """

    def __init__(self, slugs: SlugPolicy, problems: Problems, *, honour_gpc: bool = True) -> None:
        self._last = b""
        self._seen: defaultdict[int, list[int]] = defaultdict(list)
        self._problems = problems
        self._slugs = slugs
        self._honours = honour_gpc
        self._groups: Numbering[Group] = Numbering()
        self._names: Numbering[Names] = Numbering({(): 0})
        self._no_language = self._names[(_NO_LANGUAGE,)]
        self._slug_keys = Memo(self._read_path)
        self._hours = Memo(_read_hour, 1000)
        self._places = Memo(self._place)
        self._agents = Memo(self._read_agent)
        self._referrers = self._memo(_read_referrer)
        self._queries = self._memo(_read_query)
        self._countries = self._memo(_read_country)
        self._headers: Memo[bytes, tuple[Names, bool]] = Memo(
            lambda field: _read_headers(text_of(field))
        )
        self._variants = self._memo(_read_variant)

    def _memo(self, read: Callable[[str], Names]) -> Memo[bytes, int]:
        return Memo(lambda field: self._names[read(text_of(field))])

    @property
    def last(self) -> str:
        """The date and time of the latest request; empty when there was none."""
        return text_of(self._last)

    def add(self, requests: Iterable[Request]) -> int:
        """Count these requests; how many of them are counted."""
        seen, places, agents = self._seen, self._places, self._agents
        referrers, queries, countries = self._referrers, self._queries, self._countries
        variants, no_language = self._variants, self._no_language
        counted, last = 0, self._last
        for (
            date,
            time,
            method,
            stem,
            status,
            referrer,
            agent,
            query,
            country,
            headers,
            answer,
        ) in requests:
            group, fixed = places[stem, status, method, date, time[:3]]
            if group < 0:
                if group == BAD_TIME:
                    self._problems.note("time")
                # All is counted until then, though nothing of this is.
                elif (at := date + time) > last and self._hours[date, time[:3]]:
                    last = at
                continue
            if (at := date + time) > last:
                last = at
            counted += 1
            numbers = seen[group]
            if fixed:
                numbers.append(fixed)
                continue
            known, is_person = agents[agent]
            if not is_person:
                numbers.append(known)
                continue
            language = no_language if headers == b"-" else self._language(headers)
            if language == PRIVATE:
                numbers.append(self._names[("clicks",)])
                continue
            numbers += (
                known,
                referrers[referrer],
                queries[query],
                countries[country],
                variants[answer],
                language,
            )
        self._last = last
        return counted

    def _language(self, headers: bytes) -> int:
        language, wants_privacy = self._headers[headers]
        return PRIVATE if wants_privacy and self._honours else self._names[language]

    def _place(self, asked: tuple[bytes, bytes, bytes, bytes, bytes]) -> tuple[int, int]:
        """The group of a request, or why it has none, and what it counts as whoever asks."""
        stem, status, method = map(text_of, asked[:3])
        path = self._slug_keys[stem]
        verdict = _judge(method, status, preview=path[1]) if path else NOTHING
        if path is None or verdict == NOTHING:
            return OTHER, 0
        began = self._hours[asked[3:]]
        if began is None:
            return BAD_TIME, 0
        group = self._groups[Group(began, path[0], verdict == ORPHAN)]
        return group, self._names[_KIND[verdict]] if verdict in _KIND else 0

    def _read_agent(self, field: bytes) -> tuple[int, bool]:
        agent = read_agent(unescape(text_of(field)))
        return self._names[agent.kind, *agent.names], agent.kind == "clicks"

    def _read_path(self, stem: str) -> tuple[str, bool] | None:
        """The slug key that a path asks for, and whether for its preview; None for what has none.

        In some logs a percent sign is encoded itself: a path that is no slug's is decoded again.
        """
        door = next((it for it in _DOORS if stem.startswith(it)), "/")
        segment = split_path(stem.removeprefix(door)).segment
        return self._read_segment(segment) or (
            self._read_segment(split_path(unquote(segment)).segment) if "%25" in segment else None
        )

    def _read_segment(self, segment: str) -> tuple[str, bool] | None:
        text = decode_slug(segment)
        if not text:
            return None
        text = text.removesuffix("~") if segment.endswith("%7E") else text
        slug = text.removesuffix(PREVIEW)
        if not can_be_slug(slug, self._slugs):
            return None
        return slug_key(slug, self._slugs), slug != text

    def groups(self) -> Iterator[tuple[Group, dict[str, int]]]:
        """The groups with their counts by name, in an order of their own."""
        names = list(self._names)
        for group in sorted(self._groups):
            yield group, _named(Counter(self._seen[self._groups[group]]), names)


def _named(seen: Mapping[int, int], names: Sequence[Names]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for number, count in seen.items():
        for name in names[number]:
            counts[name] = counts.get(name, 0) + count
    return counts


_NO_LANGUAGE = name_of("language", UNKNOWN)


def _judge(method: str, status: str, *, preview: bool) -> int:
    """What a request was by its method and status, and whether it asked for a preview."""
    if preview:
        return PREVIEWED if method == "GET" and status == "200" else NOTHING
    if method == "GET":
        if status in _FOLLOWED:
            return FOLLOWED
        return ORPHAN if status in _MISSED else NOTHING
    if method == "HEAD":
        return HEADED if status in _FOLLOWED else NOTHING
    return FOLLOWED if method == "POST" and status in _FORM_FOLLOWED else NOTHING


def _read_hour(asked: tuple[bytes, bytes]) -> datetime | None:
    date, hour = map(text_of, asked)
    try:
        if len(date) == 10 and hour[2:] == ":":
            return datetime.strptime(f"{date} {hour}", "%Y-%m-%d %H:").replace(tzinfo=UTC)
    except ValueError:
        pass
    return None


def unescape(field: str) -> str:
    """A field as it was sent; CloudFront has encoded spaces of user agents twice in its time."""
    if field == "-":
        return ""
    text = unquote(field) if "%" in field else field
    return unquote(text) if "%20" in text else text


def _clean(value: str) -> str:
    """A value as it can be shown, and is short enough to be kept."""
    shown = "".join(filter(str.isprintable, value[: 4 * LONGEST_VALUE])).strip()
    return shown[:LONGEST_VALUE] or UNKNOWN


def _read_referrer(field: str) -> Names:
    try:
        host = urlsplit(unescape(field).strip()).hostname or ""
    except ValueError:
        host = ""
    return (name_of("referrer", _clean(host.removesuffix("."))),)


def _read_query(field: str) -> Names:
    if "utm_" not in field:
        return ()
    query = unquote(field) if "%25" in field else field
    found: Mapping[str, str] = dict(reversed(parse_qsl(query)))
    return tuple(name_of(name, _clean(found[name])) for name in _UTM if name in found)


def _read_country(field: str) -> Names:
    known = len(field) == 2 and field.isascii() and field.isalpha()
    return (name_of("country", field.upper() if known else UNKNOWN),)


def _read_variant(field: str) -> Names:
    """What the type of the answer says besides: only a redirect of ours says so."""
    _, said, variant = unescape(field).rpartition(VARIANT)
    return (name_of("variant", variant),) if said and is_variant_id(variant) else ()


def _read_headers(field: str) -> tuple[Names, bool]:
    """The language that is liked best, and whether the visitor asks not to be sold or tracked."""
    lines = (line.partition(":") for line in unescape(field).replace("%0A", "\n").split("\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    liked = preferred_languages(headers.get("accept-language", ""))
    language = name_of("language", liked[0].partition("-")[0]) if liked else _NO_LANGUAGE
    return (language,), headers.get("sec-gpc") == "1" or headers.get("dnt") == "1"

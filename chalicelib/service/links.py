"""Links as their owners use them: create, read, list, edit, delete."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from chalicelib.core.destinations import (
    DestinationPolicy,
    UrlParser,
    destination_schema,
    parse_destination,
)
from chalicelib.core.errors import Invalid, NotFound, Problem, SlugTaken, Stale, Unavailable
from chalicelib.core.fields import PLAIN_FIELDS, Field, Kind, read_fields, time
from chalicelib.core.homes import home_of
from chalicelib.core.links import (
    LINK_FIELDS,
    Link,
    bury_link,
    check_link,
    check_not_future,
    check_not_past,
    edit_link,
)
from chalicelib.core.passwords import COST, PASSWORD_SCHEMA, Cost, parse_password, seal_password
from chalicelib.core.rule_fields import UTM_FIELD, rules_field
from chalicelib.core.rules import ZoneFinder, only_utc
from chalicelib.core.slugs import (
    SlugPolicy,
    can_be_slug,
    draw_slug,
    parse_slug,
    slug_key,
    slug_schema,
)
from chalicelib.core.texts import fold
from chalicelib.core.times import to_milliseconds
from chalicelib.service.ports import Chance, Clock, LinkStore, ListQuery, Page


HOMING = 500  # of 20 regions, so many draws all miss one with a chance of 1e-11
DRAWS = 12  # with 100 million links the chance that all of them collide is under 1e-30
EDIT_TRIES = 50  # of so many edits of one link at once, each is kept
MAX_TEXT = 100
Versions = Collection[int] | None  # those that a change may replace; None is any
Change = Callable[[Link], Link]


@dataclass(frozen=True)
class LinkService:
    """The use cases of links, for one deployment's policies."""

    store: LinkStore
    slugs: SlugPolicy
    destinations: DestinationPolicy
    parse_url: UrlParser
    clock: Clock
    chance: Chance
    find_zone: ZoneFinder = only_utc
    regions: Sequence[str] = ()  # of many, this one first: the home of what is drawn here
    password_cost: Cost = COST
    edit_fields: Mapping[str, Field] = field(init=False)
    create_fields: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        """Join the plain fields with those that follow this deployment's policies."""
        destination = Field(
            Kind(self._parse_destination, destination_schema(self.destinations)),
            about="Where the link leads; kept as browsers serialise it.",
            example="https://example.com/spring",
        )
        slug = Field(
            Kind(self._parse_slug, slug_schema(self.slugs)),
            nullable=True,
            about="The path of the short URL; drawn when left out. It can't be changed later.",
            example="spring-sale",
        )
        password = Field(
            Kind(self._seal_password, PASSWORD_SCHEMA),
            nullable=True,
            about="What visitors must type first. It is kept as its scrypt and never shown again.",
            example="open sesame",
        )
        others = {
            **PLAIN_FIELDS,
            "utm": UTM_FIELD,
            "rules": rules_field(destination.kind, self.find_zone),
            "password": password,
        }
        object.__setattr__(self, "edit_fields", {"destination": destination, **others})
        object.__setattr__(
            self, "create_fields", {"destination": destination, "slug": slug, **others}
        )

    def _parse_destination(self, value: object) -> str:
        return parse_destination(value, self.destinations, self.parse_url)

    def _parse_slug(self, value: object) -> str:
        return parse_slug(value, self.slugs)

    def _seal_password(self, value: object) -> str:
        # Sealed as it is read, so that no link, in memory or anywhere, ever has the text of it.
        salt = self.chance(2**128).to_bytes(16, "big")
        return seal_password(parse_password(value), salt, self.password_cost)

    def now(self) -> datetime:
        """The time to stamp on links, in the precision in which they are stored."""
        return to_milliseconds(self.clock())

    def key_of(self, slug: str) -> str:
        """The key under which a slug is stored."""
        return slug_key(slug, self.slugs)

    def check(
        self, workspace: str, body: object, *, imported: bool = False, at: datetime | None = None
    ) -> tuple[Link, bool]:
        """The link that a create with this body would make, and whether its slug is to be drawn.

        `at` is when, if not now: the same body and time make the same link. An import may bring
        `created_at` and links that have ended. Invalid names every bad field.
        """
        now = at or self.now()
        fields = self.create_fields
        if imported:
            fields = {**fields, "created_at": Field(time)}
        values = read_fields(body, fields, required=("destination",), others=LINK_FIELDS)
        slug = values.pop("slug", None)
        values = {"created_at": now, "updated_at": now, **values}
        link = Link(workspace=workspace, slug=slug or "", **values)
        check_link(link)
        check_not_future(link.created_at, now)
        if not imported:
            check_not_past(link.expires_at, now)
        return link, slug is None

    def create(self, workspace: str, body: object, *, imported: bool = False) -> Link:
        """Store a new link once. SlugTaken (409) for a custom slug; a drawn one is drawn again."""
        link, drawn = self.check(workspace, body, imported=imported)
        if drawn:
            return self._create_drawn(link)
        self.store.create(self.key_of(link.slug), link)
        return link

    def _create_drawn(self, link: Link) -> Link:
        slugs = self.draw_slugs()
        while True:
            named = replace(link, slug=next(slugs))
            try:
                self.store.create(self.key_of(named.slug), named)
            except SlugTaken:
                continue
            return named

    def draw_slugs(
        self, chance: Chance | None = None, regions: Sequence[str] | None = None
    ) -> Iterator[str]:
        """Slugs to try one after the other for a link that names none; Unavailable at their end.

        Of many `regions` the first is the home of them all, whoever may be absent: so a region
        needs no other to make links, and with the same chance the same slugs come anywhere.
        """
        for tries in range(DRAWS):
            slug = self._draw_at_home(
                chance or self.chance, tries, self.regions if regions is None else regions
            )
            if not any(term in slug for term in self.slugs.denied):
                yield slug
        raise Unavailable("No free slug was found; please try again.")

    def _draw_at_home(self, chance: Chance, tries: int, regions: Sequence[str]) -> str:
        for _ in range(HOMING):
            slug = draw_slug(chance, tries)
            if len(regions) < 2 or home_of(self.key_of(slug), regions) == regions[0]:
                return slug
        raise Unavailable("No slug was found whose home is here; please try again.")

    def read(self, workspace: str, slug: str) -> Link:
        """The workspace's link with this slug; NotFound when it has none, or only a tombstone."""
        return self._read(workspace, slug, partial(self.store.get, consistent=True))

    def _read(self, workspace: str, slug: str, find: Callable[[str], Link | None]) -> Link:
        link = find(self.key_of(slug)) if can_be_slug(slug, self.slugs) else None
        if link is None or link.deleted_at or link.workspace != workspace:
            raise NotFound(f"There is no link “{slug}”.")
        return link

    def edit(
        self, workspace: str, slug: str, body: object, *, if_versions: Versions = None
    ) -> Link:
        """Change the fields that `body` has. Stale (412) when none of `if_versions` is current.

        Two edits at once without `if_versions` are both kept, field by field.
        """
        changes = read_fields(body, self.edit_fields, others=LINK_FIELDS)
        return self.change(
            workspace, slug, if_versions, lambda link: edit_link(link, changes, self.now())
        )

    def delete(self, workspace: str, slug: str, *, if_versions: Versions = None) -> None:
        """Leave a tombstone: the slug is gone for good, and for 90 days for everyone else too."""
        self.change(workspace, slug, if_versions, lambda link: bury_link(link, self.now()))

    def change(self, workspace: str, slug: str, if_versions: Versions, change: Change) -> Link:
        """Store what `change` makes of the link as it is now; nothing when that is the same."""
        for _ in range(EDIT_TRIES):
            # Of an old copy nothing can be said: neither that it changed, nor that it is the same.
            link = self._read(workspace, slug, self.store.current)
            if if_versions is not None and link.version not in if_versions:
                raise Stale(f"This link is now version {link.version}.")
            changed = change(link)
            if changed is link:
                return link
            try:
                self.store.replace(self.key_of(slug), changed)
            except Stale:
                continue
            return changed
        raise Unavailable("This link is being edited by many at once; please try again.")

    def list(self, workspace: str, query: ListQuery) -> Page:
        """Links by age. A filtered page may be short and still have more after it."""
        text = fold(query.text)
        if len(text) > MAX_TEXT:
            raise Invalid([Problem("/q", "too_long", f"At most {MAX_TEXT} characters.")])
        return self.store.page(workspace, replace(query, text=text, at=self.now()))

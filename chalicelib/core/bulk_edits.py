"""One change for many links: which fields it may have, and what it makes of a link."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.core.errors import Invalid, Problem
from chalicelib.core.fields import MAX_TAGS, PLAIN_FIELDS, Field, read_fields, tags
from chalicelib.core.links import LINK_FIELDS, Link, edit_link


# What a link does and how it is filed. Where it leads and what it is called are its own: nothing
# keeps what they were, so one slip would be the end of them all. `tags` would drop those that the
# links do not share; to add and to remove is what is meant.
TOGETHER = (
    "status expires_at starts_at forward_query query_winner forward_path disabled archived "
    "max_clicks max_clicks_exact"
).split()
BULK_FIELDS: Mapping[str, Field] = {
    **{name: PLAIN_FIELDS[name] for name in TOGETHER},
    "add_tags": Field(
        tags, about="Tags that each link has then, besides those it had.", example=["sale"]
    ),
    "remove_tags": Field(tags, about="Tags that no link has then.", example=["draft"]),
}


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """The same new values and tags for every link that is chosen."""

    values: Mapping[str, Any] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


def read_bulk_edit(body: object) -> BulkEdit:
    """The change that a body asks for; Invalid names every bad field."""
    values = read_fields(body, BULK_FIELDS, others=LINK_FIELDS)
    add, remove = values.pop("add_tags", ()), values.pop("remove_tags", ())
    if set(add) & set(remove):
        detail = "The same tag can't be both added and removed."
        raise Invalid([Problem("/remove_tags", "tags_crossed", detail)])
    return BulkEdit(values, add, remove)


def edit_in_bulk(link: Link, edit: BulkEdit, now: datetime) -> Link:
    """The link with the change made; the same link when it has it already.

    Invalid when it would have too many tags, or its fields would no longer agree.
    """
    kept = tuple(tag for tag in link.tags if tag not in edit.remove_tags)
    added = tuple(tag for tag in edit.add_tags if tag not in kept)
    if added and len(kept + added) > MAX_TAGS:
        detail = f"At most {MAX_TAGS} tags; it would have {len(kept + added)}."
        raise Invalid([Problem("/add_tags", "too_many", detail)])
    return edit_link(link, {**edit.values, "tags": kept + added}, now)

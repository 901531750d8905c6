"""One change for all links of a tag, a page at a time; what has it already stays as it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from chalicelib.core.bulk_edits import BulkEdit, edit_in_bulk
from chalicelib.core.errors import EverhopError, Invalid, NotFound, Unavailable
from chalicelib.core.links import Link, matches, state_of
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ListQuery
from chalicelib.service.workers import NOT_KNOWN, WORKERS, Left, work_off


Done = Literal["edited", "unchanged", "elsewhere"]  # elsewhere: no longer what was asked for


class FailedEdit(NamedTuple):
    """A link that does not have the change, and why."""

    slug: str
    error: EverhopError


class EditReport(NamedTuple):
    """What became of a page of links; `after` is None at the end, and "" is the list's start."""

    edited: int
    unchanged: int
    failed: Sequence[FailedEdit]
    after: str | None


@dataclass(frozen=True, slots=True)
class BulkEditService:
    """Bulk edits over the use cases of links."""

    links: LinkService
    workers: int = WORKERS

    def run(
        self, workspace: str, query: ListQuery, edit: BulkEdit, left: Left, *, dry_run: bool
    ) -> EditReport:
        """Edit the next links that the query finds. Unavailable when none of them could be.

        When the table took some and not others, `after` is the same page again: to send it once
        more finds those done as they should be, and does the rest.
        """
        page = self.links.list(workspace, query)
        act = self._try if dry_run else self._edit
        acts = [partial(act, workspace, link, query, edit, left) for link in page.links]
        outcomes = work_off(acts, left, self.workers)
        counted = Counter(one for one in outcomes if isinstance(one, str))
        missed = [one for one in outcomes if isinstance(one, Unavailable)]
        if missed and not counted["edited"]:
            raise missed[0]
        pairs = zip(page.links, outcomes, strict=True)
        failed = [FailedEdit(link.slug, one) for link, one in pairs if not isinstance(one, str)]
        after = (query.after or "") if missed else page.after
        return EditReport(counted["edited"], counted["unchanged"], failed, after)

    def _try(
        self, workspace: str, link: Link, query: ListQuery, edit: BulkEdit, left: Left
    ) -> Done | EverhopError:
        """What editing would come to, as far as the list knows."""
        del workspace, query, left
        try:
            return "unchanged" if self._change(link, edit) is link else "edited"
        except Invalid as invalid:
            return invalid

    def _edit(
        self, workspace: str, listed: Link, query: ListQuery, edit: BulkEdit, left: Left
    ) -> Done | EverhopError:
        seen = [listed]

        def change(link: Link) -> Link:
            # A function that Lambda froze must not go on with yesterday's request when it thaws.
            if left() <= 0:
                raise Unavailable(NOT_KNOWN)
            seen.append(link)
            return self._change(link, edit) if self._is_asked_for(link, query) else link

        try:
            edited = self.links.change(workspace, listed.slug, None, change)
        except NotFound:
            return "elsewhere"
        except (Invalid, Unavailable) as error:
            return error
        if edited is not seen[-1]:
            return "edited"
        return "unchanged" if self._is_asked_for(edited, query) else "elsewhere"

    def _change(self, link: Link, edit: BulkEdit) -> Link:
        return edit_in_bulk(link, edit, self.links.now())

    def _is_asked_for(self, link: Link, query: ListQuery) -> bool:
        """Whether the query would find the link as it is now: the list may lag behind."""
        in_state = query.state in (None, state_of(link, self.links.now()))
        return in_state and link.archived == query.archived and matches(link, query.text, query.tag)

"""What must hold of every run: each checker says what is wrong, in sentences, or nothing.

`tests/simulator/test_checkers.py` shows for each of them a planted mistake that it finds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from chalicelib.core.redirects import Redirect, Refusal
from tests.simulator.apps import API_FOR, EDGE_FOR
from tests.simulator.histories import Change
from tests.simulator.runs import Run
from tests.simulator.stores import KEPT_FOR, Stored


# A request that began before may still put what it read into a cache.
UNDER_WAY = 8.0


def _by_slug(run: Run) -> dict[str, list[Change]]:
    """The acknowledged changes of each link, but of those that an evacuation was told to risk."""
    found: dict[str, list[Change]] = defaultdict(list)
    for change in run.history.changes:
        if change.slug not in run.risked:
            found[change.slug].append(change)
    return found


def one_owner(run: Run) -> Iterator[str]:
    """Of all creates of one slug, one at most is acknowledged: nobody's link is another's."""
    for slug, changes in _by_slug(run).items():
        made = {one.link.made_by or one.link.workspace for one in changes if one.kind == "create"}
        if len(made) > 1:
            yield f"{slug} was acknowledged to {sorted(map(str, made))}"


def acknowledged_is_kept(run: Run) -> Iterator[str]:
    """Once it is quiet, each acknowledged change is in every region, or what came after it."""
    for slug, changes in _by_slug(run).items():
        newest = max(one.link.version for one in changes)
        for region, replica in run.table.replicas.items():
            there = replica.get(slug)
            if there is None or there.link.version < newest:
                yield f"{region} has lost version {newest} of {slug}"


def edits_follow_each_other(run: Run) -> Iterator[str]:
    """Acknowledged changes of a link are versions of it, one each, in the order of their time."""
    for slug, changes in _by_slug(run).items():
        versions = [one.link.version for one in changes]
        if len(versions) != len(set(versions)):
            yield f"two changes of {slug} were acknowledged as one version: {versions}"
        for before in changes:
            late = [
                one
                for one in changes
                if one.began_at > before.ended_at and one.link.version <= before.link.version
            ]
            if late:
                yield f"a change of {slug} that began after version {before.link.version} is older"


def no_edit_is_lost(run: Run) -> Iterator[str]:
    """Every edit adds a tag, and the link has each acknowledged one at the end, unless deleted."""
    for slug, changes in _by_slug(run).items():
        wanted = {one.link.tags[-1] for one in changes if one.kind == "edit"}
        for region, replica in run.table.replicas.items():
            there = replica.get(slug)
            if there and not there.link.deleted_at and wanted - {*there.link.tags}:
                yield f"{region} lost the edits {wanted - {*there.link.tags}} of {slug}"


def tombstones_are_final(run: Run) -> Iterator[str]:
    """Where a tombstone has been, the link never comes back."""
    for region, replica in run.table.replicas.items():
        buried: set[str] = set()
        for _, write in replica.seen:
            if not isinstance(write.value, Stored):
                continue
            if write.value.link.deleted_at:
                buried.add(write.key)
            elif write.key in buried - run.risked:
                yield f"{write.key} came back in {region}"


def regions_agree(run: Run) -> Iterator[str]:
    """Once it is quiet, all regions have the same."""
    if not run.table.are_equal():
        yield "the regions do not agree"


def no_miss_is_a_lie(run: Run) -> Iterator[str]:
    """Who follows a link after it was acknowledged, from whichever region, is never told 404."""
    made = {one.slug: one.ended_at for one in run.history.changes if one.kind == "create"}
    for look in run.history.looks:
        began = look.made_at
        if look.slug in run.risked:
            continue
        if look.outcome == Refusal("unknown") and made.get(look.slug, float("inf")) <= began:
            yield f"{look.slug} was 404 in {look.region}, {began - made[look.slug]:.1f} s after it was made"


def staleness_is_bounded(run: Run) -> Iterator[str]:
    """No answer is older than what its region's table had a budget ago, with every purge lost."""
    budget = KEPT_FOR + API_FOR + EDGE_FOR + UNDER_WAY
    for look in run.history.looks:
        if not isinstance(look.outcome, Redirect) or look.slug in run.risked:
            continue
        shown = run.version_of(look)
        least = run.version_in(look.region, look.slug, look.ended_at - budget)
        if shown < least:
            yield f"{look.slug} was version {shown} in {look.region}, which had {least} long before"


def deleted_is_gone(run: Run) -> Iterator[str]:
    """Once every cache's time is over, a deleted link leads nobody on."""
    budget = KEPT_FOR + API_FOR + EDGE_FOR + UNDER_WAY
    for look in run.history.looks:
        if isinstance(look.outcome, Redirect) and look.slug not in run.risked:
            gone_at = run.gone_at(look.region, look.slug)
            if gone_at + budget < look.ended_at:
                yield f"{look.slug} led on in {look.region} though it was deleted there"


def a_key_makes_one_link(run: Run) -> Iterator[str]:
    """Requests with one idempotency key are answered with one link, wherever they were sent.

    Where a region did not answer, nobody could tell whether it had made one.
    """
    for key, slugs in run.history.keyed.items():
        if len(slugs) > 1 and run.is_calm:
            yield f"{key} made {sorted(slugs)}"


def nobody_is_refused_their_own(run: Run) -> Iterator[str]:
    """Who is told that a slug is taken does not have it: not by a try of theirs that was not heard of."""
    for workspace, slug in run.history.taken.items():
        for region, replica in run.table.replicas.items():
            there = replica.get(slug)
            if there is not None and there.link.workspace == workspace and slug not in run.risked:
                yield f"{workspace} was refused {slug}, which is theirs in {region}"


def clicks_are_exact(run: Run) -> Iterator[str]:
    """A link whose clicks are counted exactly leads on so often and no more, all regions together."""
    limits = {one.slug: one.link.max_clicks for one in run.history.changes if one.link.max_clicks}
    used = Counter(one.slug for one in run.history.looks if isinstance(one.outcome, Redirect))
    for slug, most in limits.items():
        if used[slug] > most and slug not in run.risked:
            yield f"{slug} led on {used[slug]} times, and should {most} times"


CHECKERS = (
    one_owner,
    acknowledged_is_kept,
    edits_follow_each_other,
    no_edit_is_lost,
    tombstones_are_final,
    regions_agree,
    no_miss_is_a_lie,
    staleness_is_bounded,
    deleted_is_gone,
    a_key_makes_one_link,
    nobody_is_refused_their_own,
    clicks_are_exact,
)


def check(run: Run) -> list[str]:
    """All that is wrong with a run."""
    return [f"{one.__name__}: {text}" for one in CHECKERS for text in one(run)]

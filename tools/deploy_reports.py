"""What people see of a deployment: the plan and its price, progress, what is there in the end."""

import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from infra.caches import TOLD, StageCache
from infra.keep_warm import cost_of
from infra.site_builds import build_site, read_site
from tools.click_parts import A_MILLION, COUNTED
from tools.parts import Part
from tools.stacks import Update
from tools.stages import Stage


_WIDTH = 100


def plan_lines(parts: Sequence[Part], updates: Mapping[Part, Update]) -> Iterator[str]:
    """A line for each part, and below it what changes; without updates, what there is."""
    if not updates:
        yield from _overview(parts)
        return
    wave = ""
    for part in (it for it in parts if is_shown(it, updates.get(it))):
        shown = "" if part.wave == wave else part.wave
        wave = part.wave
        yield f"{shown:12} {part.name:21} {title_of(part):33} {_verdict(part, updates.get(part))}"
        for change in updates[part].changes if part in updates else ():
            yield from wrap(change, "              ")


def _overview(parts: Sequence[Part]) -> Iterator[str]:
    """A paragraph for each wave: nothing more is known, and it has to fit a screen."""
    for wave, of_wave in groupby((it for it in parts if is_shown(it, None)), lambda it: it.wave):
        names = ", ".join(it.name for it in of_wave)
        yield from wrap(f"{wave:12} {names}", "")
    stacks = [it.stack for it in parts if it.kind == "stack"]
    yield from wrap(f"Stacks are called like {stacks[0]}. None of it was looked up.", "")


def is_shown(part: Part, update: Update | None) -> bool:
    """Whether a part is worth a line: nobody asks for leftovers that there are none of."""
    return part.kind != "leftover" or bool(update and update.changes)


def title_of(part: Part) -> str:
    """What a part is called on AWS, and where that can't be told from its wave."""
    if not part.stack:
        return part.stage
    return part.stack if part.stage else f"{part.stack}, {part.region}"


def _verdict(part: Part, update: Update | None) -> str:
    if update is None:
        return ""
    if part.kind in ("smoke", "trial") and update.changes:
        return "to be done"
    if not update.changes:
        return "nothing"
    if part.kind == "leftover":
        return "remove"
    return "create" if update.is_new else "change"


def wrap(text: str, indent: str) -> list[str]:
    """A text in lines of a screen."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) + 2),
        break_on_hyphens=False,
    )


def cost_lines(
    parts: Sequence[Part], stages: Sequence[Stage], caches: Mapping[str, StageCache]
) -> Iterator[str]:
    """What the parts cost used or not, and what is paid by use."""
    fixed = [(f"{it.name} in {it.region}", it.monthly) for it in parts if it.monthly]
    untold = []
    for stage in stages:
        fixed += _warm_costs(stage)
        cache = caches.get(stage.name, StageCache())
        if cache.enabled and _is_told(stage, parts):
            fixed.append((f"API cache of {stage.name}, {cache.size} GB", cache.monthly_cost))
        elif cache.enabled:
            untold.append(stage.name)
    named = "; ".join(f"{name} {price:,.2f}" for name, price in fixed)
    total = sum(price for _, price in fixed)
    yield from wrap(
        f"Fixed costs: {total:,.2f} USD a month{f' ({named})' if named else ''}, "
        f"by us-east-1's list prices. By use: {_by_use(parts)}.",
        "",
    )
    yield from _purge_lines(parts, stages)
    if untold:
        yield from wrap(f"The cache stays off while {TOLD} is off: {', '.join(untold)}.", "")


def _purge_lines(parts: Sequence[Part], stages: Sequence[Stage]) -> Iterator[str]:
    """What each region's purges at the edge cost, where there is one."""
    if not any(it.name == "edge" for it in parts):
        return
    said = sorted({it.environment.get("EVERHOP_PURGE", "all") for it in stages} - {"off"})
    if said:
        yield from wrap(
            f"Purges at the edge ({', '.join(said)}): 1,000 paths a month are free, then 0.005 USD "
            f"each. An edit is one path for each of {len(stages)} regions; ten at once are one.",
            "",
        )


def _by_use(parts: Sequence[Part]) -> str:
    """What is paid by use; of clicks, where any are counted, how much."""
    said = "table, functions, requests, files, logs"
    if not any(it.name == COUNTED and it.kind == "stack" for it in parts):
        return said
    return f"{said}, clicks ({A_MILLION:.2f} for a million of ten thousand links, at each replica)"


def _is_told(stage: Stage, parts: Sequence[Part]) -> bool:
    """Whether the app knows of its cache: as it is set, or else as an edge stands before it."""
    behind = any(it.name == "static" and it.stage == stage.name for it in parts)
    return stage.environment.get(TOLD, "on" if behind else "off") == "on"


def _warm_costs(stage: Stage) -> list[tuple[str, float]]:
    links = int(stage.environment.get("EVERHOP_KEEP_WARM") or 0)
    cost = cost_of(links, sum(it.is_hashed for it in build_site(read_site()).files))
    named = f"keep-warm of {stage.name}, {cost.calls:,} calls and {cost.requests:,} requests"
    return [(named, cost.monthly)] if cost.monthly else []


def missing_lines(missing: Sequence[str]) -> Iterator[str]:
    """What has to be there first."""
    yield "Missing, so nothing could be looked up:" if missing else ""
    for one in missing:
        yield from wrap(one, "- ")


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def tell(self, part: Part, text: str) -> None:
        """Say what becomes of a part."""
        seconds = time.monotonic() - self._started
        print(f"[{seconds:6.1f} s] {part.wave}: {part.name}, {text}", flush=True)

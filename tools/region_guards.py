"""What a deploy may not do: change which regions there are, unless those are no homes. Pure."""

from collections.abc import Collection, Iterable, Mapping

from tools.caches import Refused
from tools.stages import Group


def told_regions(variables: Mapping[str, str]) -> set[str]:
    """The regions that an app was told of."""
    return set(variables.get("EVERHOP_REGIONS", "").replace(",", " ").split())


def moved_regions(group: Group, live: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Regions that some deployed app does not know and another will, or the other way around.

    `live` has the variables of each stage's app that is deployed.
    """
    if not live or (len(group.stages) == 1 and not group.stages[0].region):
        return set()
    own = {it.name: it.region for it in group.stages}
    had = {region for name, it in live.items() for region in (told_regions(it) or {own[name]})}
    return had ^ {it.region for it in group.stages}


def refuse_moves(group: Group, moved: Iterable[str], absent: Collection[str]) -> None:
    """Refused when a link would have two homes while one region is deployed after another."""
    homes = sorted(set(moved) - set(absent))
    if homes:
        one = homes[0]
        act = "add" if one in {it.region for it in group.stages} else "remove"
        raise Refused(
            f"{' and '.join(homes)} would become or stop being home of links while the regions are "
            f"deployed one after another: python -m tools region {act} {one} --stage {group.name}"
        )

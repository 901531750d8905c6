"""One run of a drill: the stack that it needs, the drill itself, its verdict."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from random import Random

from tools.drills.scenes import Scene
from tools.drills.stacks import some_stack
from tools.drills.verdicts import Promise, say_verdict
from tools.drills.visits import Visits, open_session


# Each module has `drill`, and says which settings its stack is to have, if any.
_MODULES = {
    "region-loss": "region_losses",
    "lag": "lags",
    "partition": "partitions",
    "dax": "dax_losses",
    "stampede": "stampedes",
}
Drill = Callable[[Scene], Awaitable[Sequence[Promise]]]


def run_drill(options: argparse.Namespace) -> int:
    """Do it; 0 when all promises were kept, else 1. CannotRun when there is nothing to judge."""
    module = import_module(f"tools.drills.{_MODULES[options.drill]}")
    drill: Drill = module.drill
    settings: Mapping[str, str] = getattr(module, "settings_for", lambda _options: {})(options)
    print(f"drill {options.drill}, seed {options.seed}; the stack starts ...", flush=True)
    with some_stack(options.data, settings) as stack:
        print(f"{', '.join(stack.regions)} behind {', '.join(stack.places.values())}", flush=True)

        async def act() -> Sequence[Promise]:
            async with open_session() as session:
                visits = Visits(session, stack.key)
                scene = Scene(stack, visits, Random(options.seed), options)  # noqa: S311
                try:
                    return await drill(scene)
                finally:
                    await stack.chaos("heal")

        promises = asyncio.run(act())
    return say_verdict(options.drill, promises)

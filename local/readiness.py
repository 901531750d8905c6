"""Waiting until a part of the stack answers, or can't any more."""

import asyncio
from collections.abc import Callable

from aiohttp import ClientError, ClientSession, ClientTimeout


READY_WITHIN = 30


async def ask(url: str, while_true: Callable[[], bool] = lambda: True) -> int:
    """The status that `url` answers with, as soon as it does; 0 when it can't any more."""
    asked = asyncio.create_task(_get_status(url))
    while not asked.done() and while_true():
        await asyncio.wait({asked}, timeout=0.2)
    asked.cancel()
    return 0 if asked.cancelled() or not asked.done() else asked.result()


async def _get_status(url: str) -> int:
    async with ClientSession(timeout=ClientTimeout(total=READY_WITHIN)) as session:
        try:
            async with session.get(url) as response:
                return response.status
        except (ClientError, TimeoutError):
            return 0

"""Clicks: what counts as one."""

import re


MAX_CLICKS = 1_000_000_000
# Chats and social networks that fetch a link to show a card of it, crawlers, and monitors. All of
# these say so, most of them with the word bot; CUBOT makes telephones.
_ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp/|mastodon|pleroma|misskey"
    r"|embedly|iframely|vkshare|pingdom|uptime",
    re.IGNORECASE,
)


def counts_as_click(method: str, user_agent: str) -> bool:
    """Whether this request is a person who follows a link: a GET, and not by a robot.

    A request that does not say what it comes from is a robot's: every browser does.
    """
    return method == "GET" and bool(user_agent) and not _ROBOT.search(user_agent)

"""Links that ask something of their visitors: in which order, and what they are told meanwhile."""

from dataclasses import dataclass

from chalicelib.core.links import Link
from chalicelib.core.locks import Hold
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.slugs import SlugPolicy, slug_key
from chalicelib.service.clicks import ClickLimits
from chalicelib.service.passwords import PasswordTries


@dataclass(frozen=True, slots=True)
class LockService:
    """The locks of one deployment's links; whatever refuses a link has been asked before."""

    slugs: SlugPolicy
    clicks: ClickLimits
    passwords: PasswordTries

    def pass_on(self, link: Link, to: Redirect, *, is_click: bool) -> Redirect | Refusal | Hold:
        """What becomes of the redirect of a visitor who brings nothing.

        Who is shown a password's page uses up no click. Nor does one that is no click, so it
        learns no destination of a link whose clicks are counted exactly.
        """
        if not link.is_locked:
            return to
        if is_click and link.password is None:
            return self._take(link, to)
        return self.look(link) or to

    def look(self, link: Link) -> Refusal | Hold | None:
        """Why the destination is not shown to who does not follow the link; None when it is."""
        if link.max_clicks and self.clicks.is_used_up(self._key_of(link), link):
            return Refusal("exhausted")
        if link.password is not None:
            return Hold("password")
        return Hold("counted") if link.is_counted_exactly else None

    def unlock(
        self, link: Link, to: Redirect, given: str, address: str
    ) -> Redirect | Refusal | Hold:
        """What becomes of the redirect of the visitor at `address` who brings this password."""
        if link.password is None:
            return Hold("open")
        hold = self.passwords.hold(self._key_of(link), link, given, address)
        # With 307 or 308 the browser would send the password on, to the destination.
        return hold or self._take(link, to._replace(status=303, cacheable=False))

    def _take(self, link: Link, to: Redirect) -> Redirect | Refusal:
        if link.max_clicks is None:
            return to
        if not self.clicks.take(self._key_of(link), link):
            return Refusal("exhausted")
        return to._replace(cacheable=to.cacheable and not link.is_counted_exactly)

    def _key_of(self, link: Link) -> str:
        return slug_key(link.slug, self.slugs)

"""The floor of a cold start: the least Chalice app over PynamoDB that can follow a link.

No checks, one route, and a model of three attributes with the client as PynamoDB makes it.
"""

import os

from chalice.app import Chalice, Response
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model


class PlainLink(Model):
    """What of Everhop's own items a redirect can't do without."""

    class Meta:
        """The table of the stack that the bench started."""

        table_name = os.environ["EVERHOP_TABLE"]
        region = os.environ["AWS_REGION"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    destination = UnicodeAttribute()


app = Chalice("plain")


@app.route("/r/{slug}")
def follow(slug: str) -> Response:
    """Redirect to where the link leads."""
    link = PlainLink.get(f"link#{slug}", "link")
    return Response("", {"Location": link.destination}, 302)

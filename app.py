"""The doors of the Lambda function: what Chalice runs, wired from the environment."""

import gc


# An import makes no garbage worth looking for. What it made stays for good: nor is that looked
# through again, by any later collection.
gc.disable()

from chalicelib.config import load  # noqa: E402
from chalicelib.entrance import make_app  # noqa: E402


app = make_app(load())

gc.freeze()
gc.enable()

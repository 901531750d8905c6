"""The doors of the Lambda functions: what Chalice runs, wired from the environment."""

import gc
import sys
from typing import Any


# An import makes no garbage worth looking for. What it made stays for good: nor is that looked
# through again, by any later collection.
gc.disable()

from chalicelib.config import load  # noqa: E402
from chalicelib.entrance import make_app, make_work  # noqa: E402


# In Chalice's own commands alone: on Lambda there is neither its packager nor these rooms.
if "chalice.deploy.packager" in sys.modules:
    from infra.chalice_hooks import teach_chalice
    from packing.hook import install

    install()
    teach_chalice()

_config = load()
app = make_app(_config)
_work = make_work(_config)


@app.lambda_function(name="worker")
def work(event: dict[str, str], context: Any) -> None:
    """Go on with a job; called by the API, and by itself."""
    _work(event, context)


gc.freeze()
gc.enable()

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


# Where it is off there is no such function: one that does nothing would be called all the same.
if _config.keep_warm:

    @app.schedule("rate(5 minutes)", name="warm")
    def warm(_event: Any) -> None:
        """Ask the edge for what visitors will ask for."""
        from chalicelib.warm_wiring import keep_warm  # noqa: PLC0415 - no redirect needs it

        keep_warm(_config)


if _config.stream:

    @app.on_dynamodb_record(_config.stream, name="changes")
    def tell_of_changes(event: Any) -> Any:
        """Have caches forget what was changed, in whichever region."""
        from chalicelib.change_wiring import handle_changes  # noqa: PLC0415 - no redirect needs it

        return handle_changes(_config, event.to_dict())


gc.freeze()
gc.enable()

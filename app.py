"""The doors of the Lambda function: what Chalice runs, wired from the environment."""

from chalicelib.config import load
from chalicelib.wiring import make_app, make_stores


_config = load()
app = make_app(_config, *make_stores(_config))
if _config.under_chalice:
    # Not on Lambda: neither this room nor what it teaches is in the zip.
    from infra.chalice_hooks import teach_chalice

    teach_chalice()

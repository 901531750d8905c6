"""The doors of the Lambda function: what Chalice runs, wired from the environment."""

from chalicelib.config import load
from chalicelib.wiring import make_app, make_stores


_config = load()
app = make_app(_config, *make_stores(_config))

"""The doors of the Lambda function: what Chalice runs, wired from the environment."""

import sys

from chalicelib.config import load
from chalicelib.wiring import make_app, make_stores


# In Chalice's own commands alone: on Lambda there is neither its packager nor our packing.
if "chalice.deploy.packager" in sys.modules:
    from packing.hook import install

    install()

_config = load()
app = make_app(_config, *make_stores(_config))

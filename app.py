"""The doors of the Lambda function: what Chalice runs, wired from the environment."""

import gc
import sys


# An import makes no garbage worth looking for. What it made stays for good: nor is that looked
# through again, by any later collection.
gc.disable()

from chalicelib.config import load  # noqa: E402
from chalicelib.entrance import make_app  # noqa: E402


# In Chalice's own commands alone: on Lambda there is neither its packager nor our packing.
if "chalice.deploy.packager" in sys.modules:
    from packing.hook import install

    install()

app = make_app(load())

gc.freeze()
gc.enable()

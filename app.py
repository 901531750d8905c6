"""The doors of the Lambda functions: what Chalice runs, wired from the environment."""

from typing import Any

from chalicelib.config import load
from chalicelib.wiring import job_tools, make_app, make_stores, make_worker


_config = load()
_links, _keys = make_stores(_config)
_tools = job_tools(_config, _links)
_work = make_worker(_tools, _links)
app = make_app(_config, _links, _keys, tools=_tools)


@app.lambda_function(name="worker")
def work(event: dict[str, str], context: Any) -> None:
    """Go on with a job; called by the API, and by itself."""
    _work(event, context)

"""What a redirect loads, module by module: each cold start pays for it, all visitors see a break.

A change of one of these touches every visitor; `python -m tools deploy` says which are touched.
"""

# Ours, after `import app` and a first redirect. To add one, measure: python -m bench --only cold
MODULES = frozenset(
    {
        "app",
        "chalicelib",
        "chalicelib.api",
        "chalicelib.api.caching",
        "chalicelib.api.late_routes",
        "chalicelib.api.locks",
        "chalicelib.api.logs",
        "chalicelib.api.notes",
        "chalicelib.api.pages",
        "chalicelib.api.pictures",
        "chalicelib.api.problems",
        "chalicelib.api.redirects",
        "chalicelib.api.routes",
        "chalicelib.config",
        "chalicelib.core",
        "chalicelib.core.destinations",
        "chalicelib.core.errors",
        "chalicelib.core.freshness",
        "chalicelib.core.hosts",
        "chalicelib.core.links",
        "chalicelib.core.logs",
        "chalicelib.core.metrics",
        "chalicelib.core.paths",
        "chalicelib.core.queries",
        "chalicelib.core.redirects",
        "chalicelib.core.rules",
        "chalicelib.core.slugs",
        "chalicelib.core.texts",
        "chalicelib.core.times",
        "chalicelib.core.utm",
        "chalicelib.core.visitors",
        "chalicelib.entrance",
        "chalicelib.policies",
        "chalicelib.setting_kinds",
        "chalicelib.service",
        "chalicelib.service.ports",
        "chalicelib.service.redirects",
        "chalicelib.store",
        "chalicelib.store.answers",
        "chalicelib.store.clients",
        "chalicelib.store.keys",
        "chalicelib.store.links",
        "chalicelib.store.models",
        "chalicelib.time_zones",
    }
)
# By the names that they are imported by. The rest of the zip waits for owners and jobs.
PACKAGES = frozenset({"botocore", "chalice", "dateutil", "jmespath", "pynamodb", "six", "urllib3"})


def is_on_redirect_path(file: str) -> bool:
    """Whether a file of the zip is loaded by a redirect, or by what one loads."""
    top, _, _ = file.partition("/")
    if top in ("chalicelib", "app.py"):
        return _module_of(file) in MODULES
    return top.removesuffix(".py") in PACKAGES


def _module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

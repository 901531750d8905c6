"""The policies that AWS manages, by their ids: a template refers to them and never has them."""

from local.edge.policies import Caching, Choice, Forwarding


_ALL = Choice("all")
_CACHING_DISABLED = Caching(0, 0, 0)
_CACHING_OPTIMIZED = Caching(1, 86_400, 31_536_000, gzip=True, brotli=True)
_CACHING_UNCOMPRESSED = Caching(1, 86_400, 31_536_000)

MANAGED_CACHING = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": _CACHING_DISABLED,
    "658327ea-f89d-4fab-a63d-7e88639e58f6": _CACHING_OPTIMIZED,
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _CACHING_UNCOMPRESSED,
}
MANAGED_FORWARDING = {
    # AllViewer; AllViewerExceptHostHeader: for API Gateway, which knows itself by its own name
    "216adef6-5c7f-47e4-b989-5492eafa07d3": Forwarding(_ALL, Choice("allViewer"), _ALL),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": Forwarding(
        _ALL, Choice("allExcept", frozenset({"host"})), _ALL
    ),
    # CORS-S3Origin
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": Forwarding(
        headers=Choice(
            "whitelist",
            frozenset(
                {"origin", "access-control-request-headers", "access-control-request-method"}
            ),
        )
    ),
}

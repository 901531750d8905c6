"""The words in which a route describes itself: handed to the function that it registered with."""

from chalicelib.api.openapi.operations import (
    UNLISTED,
    Answer,
    Body,
    Header,
    Model,
    Operation,
    json_of,
    page_of,
)
from chalicelib.api.openapi.schemas import (
    CHANGES_EXAMPLE,
    HEALTH,
    IF_MATCH,
    IMPORT_REPORT,
    MADE,
    NEW_LINK_EXAMPLE,
    RETRY,
    SLUG_IN_PATH,
    TAGGED,
    body_of,
    link_example,
    link_model,
    page_model,
)


__all__ = [
    "CHANGES_EXAMPLE",
    "HEALTH",
    "IF_MATCH",
    "IMPORT_REPORT",
    "MADE",
    "NEW_LINK_EXAMPLE",
    "RETRY",
    "SLUG_IN_PATH",
    "TAGGED",
    "UNLISTED",
    "Answer",
    "Body",
    "Header",
    "Model",
    "Operation",
    "body_of",
    "json_of",
    "link_example",
    "link_model",
    "page_model",
    "page_of",
]

"""The sentences of the document that belong to no one route."""

from collections.abc import Mapping


ABOUT = """\
Create short links, change them, find them, bring them in from elsewhere, and export them.

## Keys

Send your key with every request: `Authorization: Bearer eh_...`. A key in a URL is never read.
What is marked *no key* answers without one.

## Bodies

JSON in UTF-8, up to 64 KiB; 256 KiB for a link with rules; 1 MiB for a batch. A field that \
is not known is refused, and every field that is wrong is named at once, up to a hundred. \
Times are RFC 3339 with their offset, and come back in UTC.

## Versions

The `ETag` of a link is its version. Send it back as `If-Match` with an edit or a delete to be \
told, with 412, when somebody else was faster.

## Many links

`POST /v1/links/batch` makes up to 100 at once, and `PATCH /v1/links?tag=...` edits all that have \
a tag. `POST /v1/imports` reads a sheet, and `POST /v1/exports` makes a file of everything.

## Limits

A key may make some number of requests a minute in each region, whatever they are. \
`RateLimit-Policy: "default";q=600;w=60` says that it is 600 in 60 seconds, \
`RateLimit: "default";r=597;t=41` that 597 are left for the next 41 seconds.

## Trying again

429 and 503 say in `Retry-After` how many seconds to wait.
"""
# In the order in which they are shown; a group that is not here comes after them.
GROUPS: Mapping[str, str] = {
    "Links": "A short link leads from a slug to a destination.",
    "Stats": "What was counted: how often links were followed, from where and with what.",
    "API keys": "Who may do what, in which workspace. All of these need the scope `admin`.",
    "Imports": "Many links at once, from a sheet.",
    "Exports": "Many links at once, into a file.",
    "Visitors": "What the public sees. At the public address the path is just `/{slug}`.",
    "Service": "The service itself, and this description of it.",
}
HEADERS: Mapping[str, str] = {
    "Retry-After": "How many seconds to wait before trying again.",
    "WWW-Authenticate": "That a bearer key is needed.",
}
# The details of examples, where the name of the problem says too little.
DETAILS: Mapping[str, str] = {
    "bad_request": "The body is not JSON.",
    "unauthorized": "This API key is not known here.",
    "not_found": "There is no link “spring-sale”.",
    "slug_taken": "“spring-sale” is already in use.",
    "stale": "This link is now version 3.",
    "too_large": "At most 64 KiB; this is 80 KiB.",
    "unsupported_media_type": "Unsupported media type: text/plain",
    "rate_limited": "The limit of a key is 600 a minute here; wait 23 s.",
    "unavailable": "The table did not answer.",
    "not_configured": "Set EVERHOP_BUCKET: jobs need a bucket for their files.",
}
# The codes that errors[].code can have; a test compares them with the code that refuses.
FIELD_CODES: Mapping[str, str] = {
    "required": "It is missing, or null where null means nothing.",
    "type": "It is of another type: text where a number belongs, say.",
    "unknown_field": "There is no such field.",
    "choice": "It is not one of the values that are possible.",
    "too_long": "It has too many characters.",
    "too_many": "There are too many in the list.",
    "characters": "There is a character in it that can't be stored.",
    "tag": "A tag has 1 to 32 visible characters.",
    "time": "It is not an RFC 3339 time with an offset.",
    "past": "A new link can't have ended already.",
    "future": "It can't have been made later than now.",
    "period": "It is empty or too long, or is no longer kept that finely.",
    "dates_crossed": "It would start after it has ended.",
    "max_clicks_needed": "There is no `max_clicks` to be exact about.",
    "slug_length": "A slug has 1 to 64 characters.",
    "slug_characters": "A slug has letters, digits, `-` and `_`, and not only the last two.",
    "slug_reserved": "The service itself uses this path.",
    "slug_denied": "The deployment's deny list has a word that is in it.",
    "destination_invalid": "It is no address that a browser could open.",
    "destination_scheme": "It does not begin with a scheme that is allowed.",
    "destination_control": "There is a line break or control character in it.",
    "destination_userinfo": "There is a user name before `@`, which hides the real host.",
    "destination_loop": "It leads back to this service.",
    "destination_private": "It leads to a private address.",
    "destination_denied": "Its host is on the deployment's deny list.",
    "destination_shortener": "Its host shortens links itself.",
    "destination_too_long": "It has over 2,048 characters once it is encoded.",
    "too_few": "There is nothing in the list.",
    "length": "It has too few or too many characters.",
    "repeated": "The same thing, or parameter, is there more than once.",
    "country": "It is no country code of ISO 3166-1, like DE.",
    "language": "It is no language tag, like de or pt-BR.",
    "time_of_day": "It is no time of day, like 09:30.",
    "time_zone": "It is no time zone of IANA, like Europe/Berlin.",
    "rule_outcome": "A rule has either a destination or variants.",
    "limit": "It is not a whole number from 1 to 100.",
    "cursor": "This list did not give out this cursor.",
    "idempotency_key": "An `Idempotency-Key` has 1 to 255 visible ASCII characters.",
    "workspace": "A workspace has 1 to 32 of a-z, 0-9 and, inside, `-`.",
    "idempotency_mismatch": "The key was first sent with another request.",
    "idempotency_unsupported": "What is asked for here can't be held to an `Idempotency-Key`.",
    "tags_crossed": "The same tag is to be added and removed.",
    "out_of_range": "The number is too small or too large.",
    "colour": "It is not a colour like `#rgb` or `#rrggbb`.",
    "qr_contrast": "The colours are too near each other, or the wrong way round, for scanners.",
    "qr_size": "The picture is too small for all that the code has to hold.",
    "file_empty": "There is nothing in the file.",
    "file_not_csv": "The file is something other than CSV.",
    "file_header": "The first row, which names the columns, is broken.",
    "too_many_rows": "The file has over 1,000 rows; in the background, over 50,000.",
    "column_missing": "No column says where the links lead.",
    "column_repeated": "Two columns mean the same field.",
    "row_broken": "A quote is not closed in this row, or text follows one that is.",
    "not_supported": "The row has a promise that an import can't keep, such as a password.",
    "slug_taken": "The row's slug leads elsewhere.",
    "differs": "The link that is there has another value here, and was left as it is.",
    "unavailable": "The row was not stored; it is worth another try.",
}

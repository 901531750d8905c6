"""How the rules and UTM fields of a request body are read, and what the API says of each."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.core.countries import COUNTRIES
from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.fields import Field, Kind, choice, text, time
from chalicelib.core.nested_fields import exact_text, list_of, object_of, set_of, whole_number
from chalicelib.core.rules import DAYS, NO_RULES, Rules, ZoneFinder
from chalicelib.core.times import format_time
from chalicelib.core.utm import NO_UTM, PARAMETERS, Utm
from chalicelib.core.visitors import DEVICES


MAX_RULES = 1000
# Of the rules of one link, as compact JSON. An item may have 400 KB in all.
MAX_BYTES = 128 * 1024
MAX_VARIANTS = 20
MAX_WEIGHT = 1000
MAX_PARAMETERS = 5
MAX_LANGUAGES = 50
MAX_UTM = 200
_LANGUAGE = r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*"
_TIME_OF_DAY = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def _country(value: object) -> str:
    code = value.upper() if isinstance(value, str) and len(value) == 2 else ""
    if code not in COUNTRIES:
        hint = " The United Kingdom is GB." if code == "UK" else ""
        raise Refused("country", f"A country is two letters of ISO 3166-1, like DE.{hint}")
    return code


def _language(value: object) -> str:
    if not isinstance(value, str) or len(value) > 35 or not re.fullmatch(_LANGUAGE, value):
        raise Refused("language", "A language is a tag like de or pt-BR.")
    first, *others = value.replace("_", "-").lower().split("-")
    return "-".join([first, *(one.upper() if len(one) == 2 else one for one in others)])


def _time_of_day(value: object, *, end: bool = False) -> str:
    if isinstance(value, str) and (re.fullmatch(_TIME_OF_DAY, value) or (end and value == "24:00")):
        return value
    raise Refused("time_of_day", f"Write a time of day like 09:30{', or 24:00' if end else ''}.")


def _zone_kind(find_zone: ZoneFinder) -> Kind:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= 64 or find_zone(value) is None:
            raise Refused("time_zone", "Write a time zone by its IANA name, like Europe/Berlin.")
        return value

    return Kind(parse, {"type": "string", "minLength": 1, "maxLength": 64})


def _moment(value: object) -> str:
    return format_time(time.parse(value))


_COUNTRIES = Kind(_country, {"type": "string", "pattern": "^[A-Za-z]{2}$"})
_LANGUAGES = Kind(_language, {"type": "string", "maxLength": 35, "pattern": f"^{_LANGUAGE}$"})
_MOMENT = Kind(_moment, time.schema)
_FROM = Kind(_time_of_day, {"type": "string", "pattern": f"^{_TIME_OF_DAY}$"})
_UNTIL = Kind(
    lambda value: _time_of_day(value, end=True),
    {"type": "string", "pattern": f"^(?:{_TIME_OF_DAY}|24:00)$"},
)
_PARAMETER = object_of(
    {
        "name": Field(exact_text(1, 100), about="As it is written, in this case.", example="ref"),
        "value": Field(
            exact_text(0, 200), about="Any value, when it is left out.", example="partner"
        ),
    },
    required=["name"],
    title="RuleParameter",
)
_NAME = Field(
    text(64),
    nullable=True,
    about="For people: it decides nothing.",
    example="Germany, on phones",
)


def _hours(find_zone: ZoneFinder) -> Kind:
    return object_of(
        {
            "days": Field(
                set_of(choice(*DAYS), len(DAYS)),
                about="On which days it begins; all of them, when they are left out.",
                example=["mon", "tue", "wed", "thu", "fri"],
            ),
            "from": Field(_FROM, about="`00:00` when it is left out.", example="09:00"),
            "until": Field(
                _UNTIL,
                about="Not after `from`, it is on the day after. `24:00` when it is left out.",
                example="17:00",
            ),
            "time_zone": Field(
                _zone_kind(find_zone), about="An IANA name.", example="Europe/Berlin"
            ),
        },
        required=["time_zone"],
        check=lambda hours: {"days": [*DAYS], "from": "00:00", "until": "24:00", **hours},
        title="RuleHours",
    )


def _conditions(find_zone: ZoneFinder) -> Kind:
    fields = {
        "countries": Field(
            set_of(_COUNTRIES, len(COUNTRIES)),
            about="Of the visitor's address, by ISO 3166-1.",
            example=["DE", "AT"],
        ),
        "devices": Field(
            set_of(choice(*DEVICES), len(DEVICES)),
            about="A class of device, or its system.",
            example=["phone", "tablet"],
        ),
        "languages": Field(
            set_of(_LANGUAGES, MAX_LANGUAGES),
            about="What the visitor's browser likes best: `de` is also for `de-AT`.",
            example=["de"],
        ),
        "starts_at": Field(_MOMENT, about="From then on.", example="2026-12-01T00:00:00Z"),
        "expires_at": Field(_MOMENT, about="Until before then.", example="2026-12-25T00:00:00Z"),
        "hours": Field(
            _hours(find_zone),
            about="Every week, by the clocks of a place.",
            example={"from": "09:00", "until": "17:00", "time_zone": "Europe/Berlin"},
        ),
        "query": Field(
            list_of(_PARAMETER, MAX_PARAMETERS),
            about="Parameters that the visitor's query has, all of them.",
            example=[{"name": "ref", "value": "partner"}],
        ),
    }
    return object_of(fields, check=_agree, title="RuleConditions")


def _agree(conditions: dict[str, Any]) -> dict[str, Any]:
    start, end = conditions.get("starts_at"), conditions.get("expires_at")
    if start and end and time.parse(start) >= time.parse(end):
        detail = "starts_at must be before expires_at."
        raise Invalid([Problem("/starts_at", "dates_crossed", detail)])
    names = [one["name"] for one in conditions.get("query", ())]
    if len(set(names)) < len(names):
        detail = "A parameter is named twice; one value is all that a rule can ask for."
        raise Invalid([Problem("/query", "repeated", detail)])
    return conditions


def _variant(destination: Field) -> Kind:
    fields = {
        "name": _NAME._replace(example="Blue button"),
        "destination": destination,
        "weight": Field(
            whole_number(1, MAX_WEIGHT),
            about="Its share of the visitors, beside the weights of the others.",
            example=70,
        ),
    }
    return object_of(fields, required=["destination", "weight"], check=_given, title="RuleVariant")


def _given(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _one_outcome(rule: dict[str, Any]) -> dict[str, Any]:
    if ("destination" in rule) == ("variants" in rule):
        raise Refused("rule_outcome", "A rule has either a destination or variants.")
    # In one order, and without what is empty, so that the same rules are stored the same.
    return _given({"name": rule.get("name"), "if": rule.get("if", {}), **rule})


def rules_field(parse_destination: Kind, find_zone: ZoneFinder) -> Field:
    """The field `rules` of a link; destinations are read like the link's own."""
    # What is stored may be from before today's policy, and is described by the same schema.
    plain = {name: part for name, part in parse_destination.schema.items() if name != "pattern"}
    destination = Field(
        Kind(parse_destination.parse, plain),
        about="Where the rule leads; read like the link's own.",
        example="https://example.de/",
    )
    rule = object_of(
        {
            "name": _NAME,
            "if": Field(
                _conditions(find_zone),
                about="What must hold, all of it; without any, the rule holds for everyone.",
                example={"countries": ["DE", "AT"], "devices": ["phone"]},
            ),
            "destination": destination,
            "variants": Field(
                list_of(_variant(destination), MAX_VARIANTS),
                about="Destinations that share the visitors, who come back to the one they had.",
                example=[
                    {"destination": "https://example.com/blue", "weight": 70},
                    {"destination": "https://example.com/green", "weight": 30},
                ],
            ),
        },
        check=_one_outcome,
        title="Rule",
    )
    return Field(
        _packed(list_of(rule, MAX_RULES, least=0)),
        nullable=True,
        cleared=NO_RULES,
        about="Other destinations for some visitors. The first rule that holds decides.",
        example=[{"if": {"countries": ["DE", "AT"]}, "destination": "https://example.de/"}],
    )


def _packed(kind: Kind) -> Kind:
    def parse(value: object) -> Rules:
        rules = Rules.of(kind.parse(value))
        size = len(rules.text)
        if size > MAX_BYTES:
            detail = f"At most {MAX_BYTES // 1024} KiB of rules; these are {size // 1024 + 1} KiB."
            raise Refused("too_long", detail)
        return rules

    return Kind(parse, kind.schema)


def _utm_kind() -> Kind:
    fields: Mapping[str, Field] = {
        name: Field(text(MAX_UTM), nullable=True, about=f"`utm_{name}`.", example="newsletter")
        for name in PARAMETERS
    }
    return object_of(fields, check=Utm.of, title="Utm")


UTM_FIELD = Field(
    _utm_kind(),
    nullable=True,
    cleared=NO_UTM,
    about="Parameters added to wherever the link leads, unless they are there already.",
    example={"source": "newsletter", "medium": "email", "campaign": "spring"},
)

"""The dashboard's headers are as strict as its code allows."""

from pathlib import Path
from typing import Any

import pytest
import yaml


TEMPLATE = Path(__file__).parents[2] / "infra" / "global" / "headers.yaml"
DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    """The configuration of the response headers policy."""
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    properties = template["Resources"]["DashboardHeaders"]["Properties"]
    config: dict[str, Any] = properties["ResponseHeadersPolicyConfig"]
    return config


@pytest.fixture(scope="module")
def csp(policy: dict[str, Any]) -> str:
    """The Content-Security-Policy header."""
    text: str = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    return text


def test_csp_is_exactly_the_agreed_one(csp: str) -> None:
    """The policy has these directives, each once, and no other."""
    directives = [directive.partition(" ")[::2] for directive in csp.split("; ")]

    assert list(DIRECTIVES.items()) == directives


@pytest.mark.parametrize("loose", ["unsafe-", "*", "http:", "https:", "blob:", "strict-dynamic"])
def test_csp_has_no_way_round(csp: str, loose: str) -> None:
    """Nothing in the policy lets inline code, eval or another site in."""
    assert loose not in csp


def test_csp_is_one_header_line(csp: str) -> None:
    """Folding in the template leaves no line break, which CloudFront would refuse."""
    assert csp == " ".join(csp.split())


def test_https_is_kept_for_a_year_for_this_host_alone(policy: dict[str, Any]) -> None:
    """HSTS lasts a year and promises nothing for hosts that are not ours."""
    hsts = policy["SecurityHeadersConfig"]["StrictTransportSecurity"]

    assert hsts["AccessControlMaxAgeSec"] == 31536000
    assert (hsts["IncludeSubdomains"], hsts["Preload"]) == (False, False)


def test_other_headers(policy: dict[str, Any]) -> None:
    """No sniffing, no framing, no address given away, no shared window, no devices."""
    security = policy["SecurityHeadersConfig"]
    custom = {item["Header"]: item["Value"] for item in policy["CustomHeadersConfig"]["Items"]}

    assert "ContentTypeOptions" in security
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == "same-origin"
    assert custom["Cross-Origin-Opener-Policy"] == "same-origin"
    assert custom["Cross-Origin-Resource-Policy"] == "same-origin"
    assert all(rule.endswith("=()") for rule in custom["Permissions-Policy"].split(", "))


def test_no_header_yields_to_the_origin(policy: dict[str, Any]) -> None:
    """A header that the bucket or the edge function sets can't weaken these."""
    headers = [*policy["SecurityHeadersConfig"].values(), *policy["CustomHeadersConfig"]["Items"]]

    assert all(header["Override"] is True for header in headers)


def test_every_value_is_literal(policy: dict[str, Any]) -> None:
    """The local stack can send the same values: none is made by CloudFormation."""
    sent = str([policy["SecurityHeadersConfig"], policy["CustomHeadersConfig"]])

    assert "Ref" not in sent.replace("Referrer", "")
    assert "Fn::" not in sent

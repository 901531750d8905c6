"""What a deployment is made of, what a plan says of it, and what it says when AWS can't be asked."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra.dax import StageDax, handed_config
from infra.edges import GroupEdge, read_edges
from infra.settings_files import SettingsFileError
from tests.conftest import ROOT
from tools.__main__ import main
from tools.app_changes import AppState, changed_routes, changes_of
from tools.client import CannotRun
from tools.deploy_parts import parts_for
from tools.deploy_reports import plan_lines
from tools.deploy_runs import put_handed
from tools.deploys import Target
from tools.destroys import split_parts
from tools.parts import Part
from tools.replicas import PLACES, adding, removing
from tools.smoke_tests import smoke_test
from tools.stacks import Update, _parameters, _resources
from tools.stages import find_group
from tools.stream_parts import MONTHLY


AWS = ("AWS_", "EVERHOP_")
# In place of edge/functions.yaml, for plans of CloudFront that have no Lambda@Edge: by hand.
ALTERNATIVES = {"edge/viewer_function.yaml"}
LIVE = AppState("r1", "c1", {"A": "1"}, {"GET /docs": frozenset()}, {"app.py": 1, "segno/a.py": 1})


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No credentials, no region, no files of AWS, and nobody to ask for them."""
    import os

    for name in [name for name in os.environ if name.startswith(AWS)]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


def screen(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What is on the screen after a plan that could not be made."""
    status = main(["deploy", *words, "--plan"])
    said = capsys.readouterr()
    lines = (said.out + said.err).splitlines()

    assert status == 2
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    return lines


def test_no_credentials_is_one_screen(
    offline: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The steps, regions and costs that are known anyhow, and what is missing, with what mends it."""
    text = "\n".join(screen(capsys, "prod"))

    for part in ("everhop-prod-table", "us-east-1", "eu-west-1", "headers", "USD a month"):
        assert part in text
    assert "There are no AWS credentials: set AWS_ACCESS_KEY_ID" in text
    assert "`aws configure`" in text
    assert "There is no region" not in text
    assert "python -m tools deploy prod --plan" in text


def test_dev_lacks_a_region_too(
    offline: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are said at once: dev goes wherever the operator is."""
    text = "\n".join(screen(capsys, "dev"))

    assert "There is no region: set AWS_DEFAULT_REGION" in text
    assert "There are no AWS credentials" in text


@contextmanager
def refusing(code: str) -> Iterator[str]:
    """An AWS that answers every call with one error."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_other_things_that_are_missing(
    offline: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A half of the credentials, a profile that is none, a session that is over, no network."""
    offline.setenv("AWS_ACCESS_KEY_ID", "none")
    assert "The AWS credentials are not whole" in "\n".join(screen(capsys, "prod"))

    offline.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with refusing("ExpiredToken") as url:
        offline.setenv("AWS_ENDPOINT_URL", url)
        assert "have expired: sign in again, with `aws sso login`" in "\n".join(
            screen(capsys, "prod")
        )
    offline.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "AWS can't be reached" in "\n".join(screen(capsys, "prod"))

    offline.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE must name one" in "\n".join(screen(capsys, "prod"))


def test_a_name_that_is_no_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is to deploy is listed; the local stage is not."""
    assert main(["deploy", "production"]) == 2
    said = capsys.readouterr().err
    assert "There is no stage production to deploy; there are dev, prod, prod-us-east-1" in said
    assert "local" not in said


def names(parts: Iterator[Part] | tuple[Part, ...] | list[Part]) -> list[str]:
    return [f"{it.wave} {it.name}" for it in parts]


def test_waves_are_in_order() -> None:
    """Data first, then region by region as the configuration has them, then what is global."""
    group, stages = find_group("prod")

    assert names(parts_for(group, stages, "us-east-1", {}, {})) == [
        "data table",
        "data replica in eu-west-1",
        *(
            f"{region} {it}"
            for region, other in (("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1"))
            for it in (
                *("files", "app", "cache", "smoke test", f"alarms for {other}"),
                *("dax, off", "network, off", "clicks, off"),
            )
        ),
        *(f"global {it}, off" for it in ("watch", "edge", "firewall", "headers")),
    ]


def test_a_region_asks_for_the_proof_after_the_edge_stands() -> None:
    """Buckets, regions as they were, the edge, and only then regions that answer it alone."""
    group, stages = find_group("prod")
    parts = names(parts_for(group, stages, "us-east-1", {}, {"prod": GroupEdge(enabled=True)}))
    order = (
        "us-east-1 static",
        "eu-west-1 smoke test",
        "global origin secret",
        "global edge-functions",
        "global edge",
        "us-east-1 static, let in",
        "us-east-1 app behind the edge",
        "eu-west-1 app behind the edge",
        "edge smoke test",
    )

    assert sorted(order, key=parts.index) == list(order)
    one = parts_for(group, stages[1:], "us-east-1", {}, {"prod": GroupEdge(enabled=True)})
    assert {it.wave for it in one} == {"data", "eu-west-1"}


def test_what_the_edge_takes() -> None:
    """Each output that it takes is one of a stack before it; all parameters of use are said."""
    group, stages = find_group("prod")
    parts = parts_for(group, stages, "us-east-1", {}, {"prod": GroupEdge(enabled=True)})
    outputs: dict[str, str] = {}
    for part in parts:
        for _, source in part.takes:
            where, _, name = source.partition(":")
            assert where in ("zip", "api") or f"\n  {name}:" in outputs[where]
        if part.template:
            text = (ROOT / "infra" / part.template).read_text()
            outputs[part.stack] = text.partition("\nOutputs:")[2]
    (edge,) = [it for it in parts if it.name == "edge"]
    said = {key for key, _ in (*edge.parameters, *edge.takes)}
    listed = re.findall(r"^  (\w+):$", _section("edge", "Parameters"), re.MULTILINE)
    assert set(listed) - said == {"ViewerFunctionArn"}
    assert dict(edge.takes)["SecondApi"] == "api:prod-eu-west-1"


def _section(name: str, section: str) -> str:
    text = (ROOT / "infra" / "global" / f"{name}.yaml").read_text()
    return text.partition(f"\n{section}:\n")[2].partition("\n\n")[0]


def test_one_stage_of_a_group() -> None:
    """The first region needs no replica; the second one needs the table's stack, which is the first's."""
    group, first = find_group("prod-us-east-1")
    _, second = find_group("prod-eu-west-1")
    parts = parts_for(group, second, "us-east-1")

    assert "data replica in eu-west-1" not in names(parts_for(group, first, "us-east-1"))
    assert [it.region for it in parts if it.wave == "data"] == ["us-east-1"] * 3


def test_a_region_more_than_there_are_places_for_is_refused() -> None:
    """The table's template has six; a plan that forgot one would lose its links."""
    group, _ = find_group("prod")
    more = group.__class__(group.name, (*group.stages, *group.stages[:1] * 5))

    with pytest.raises(CannotRun, match="places for 6"):
        parts_for(more, more.stages, "us-east-1")


def test_every_template_is_a_part() -> None:
    """A template that no row names would never be deployed."""
    templates = {it.relative_to(ROOT / "infra").as_posix() for it in ROOT.glob("infra/*/*.yaml")}

    group, stages = find_group("prod")
    on = dict.fromkeys((it.name for it in stages), StageDax(enabled=True))
    parts = parts_for(group, stages, "us-east-1", on)
    assert templates - ALTERNATIVES == {it.template for it in parts if it.template}
    assert templates >= ALTERNATIVES
    for part in (it for it in parts if it.template):
        text = (ROOT / "infra" / part.template).read_text()
        parameters = () if part.kind == "replica" else part.parameters
        assert all(f"\n  {key}:" in text for key, _ in (*parameters, *part.takes))
        assert list(_resources(text))


def test_one_replica_per_update() -> None:
    """A replica is added with the template as it is, in a place of its own that no other one has."""
    group, stages = find_group("prod")
    table, asked = parts_for(group, stages, "us-east-1")[:2]
    now = {"StageName": "prod", "TableName": "everhop-prod", "SecondRegion": ""}
    replica = adding(asked, {**now, "SecondRegion": "eu-central-1", "ThirdRegion": ""})

    def stack(**changed: str) -> dict[str, Any]:
        listed = [
            {"ParameterKey": key, "ParameterValue": it} for key, it in {**now, **changed}.items()
        ]
        return {"StackName": "s", "Parameters": listed}

    assert [
        it["ParameterKey"] for it in _parameters(replica, stack()) if "UsePreviousValue" in it
    ] == [
        "StageName",
        "TableName",
        "SecondRegion",
    ]
    assert replica.parameters == (("ThirdRegion", "eu-west-1"),)
    kept = list(_parameters(table, stack(SecondRegion="eu-west-1")))
    assert {"ParameterKey": "SecondRegion", "UsePreviousValue": True} in kept
    assert adding(asked, {"FifthRegion": "eu-west-1"}).parameters == ()
    assert removing(asked, {"FifthRegion": "eu-west-1"}).parameters == (("FifthRegion", ""),)
    assert removing(asked, {"FifthRegion": "eu-west-2"}).parameters == ()
    with pytest.raises(CannotRun, match="6 regions"):
        adding(asked, dict.fromkeys(PLACES, "ap-east-1"))


def test_what_changes_at_an_app() -> None:
    """Files, settings and routes by name; what visitors meet; nothing when nothing does."""
    assert changes_of(LIVE, LIVE) == []
    late = LIVE._replace(code="c2", files={"app.py": 1, "segno/a.py": 2})
    assert changes_of(LIVE, late) == [
        "code: 1 file, segno/a.py",
        "on the redirect path: no code; every container starts anew",
    ]
    followed = LIVE._replace(routes={"GET /r/{slug}": frozenset({"k"})})
    assert changes_of(LIVE, followed) == [
        "routes: -GET /docs, +GET /r/{slug}",
        "on the redirect path: +GET /r/{slug}; every container starts anew",
    ]
    assert "who deployed it left no record" in changes_of(LIVE._replace(files=None), late)[0]
    assert "half done" in changes_of(LIVE._replace(release=""), LIVE)[0]
    assert changed_routes({"GET /a": frozenset("x")}, {"GET /a": frozenset("y")}) == [
        "~GET /a (cache keys)"
    ]


def test_no_value_of_a_setting_is_shown() -> None:
    """Settings are told by name: a plan may be in anybody's log."""
    changed = LIVE._replace(environment={"A": "secret"})

    assert "secret" not in json.dumps(changes_of(LIVE, changed))


def test_what_a_destroy_leaves() -> None:
    """The table and the buckets, and for one region what the others share."""
    group, stages = find_group("prod")
    whole = Target(group, stages, "us-east-1", "1", ())
    one = Target(group, stages[1:], "us-east-1", "1", ())

    kept = ("app", "clicks", "streams", "dax", "network")
    assert names(split_parts(whole, data=False)[0]) == [
        *(f"global {it}" for it in ("watch", "edge", "firewall", "headers", "origin secret")),
        *(f"eu-west-1 {it}" for it in ("alarms for us-east-1", *kept)),
        *(f"us-east-1 {it}" for it in ("alarms for eu-west-1", *kept)),
    ]
    assert names(split_parts(whole, data=True)[0])[-3:] == [
        "us-east-1 files",
        "data logs",
        "data table",
    ]
    assert names(split_parts(one, data=True)[0]) == [
        "eu-west-1 alarms for us-east-1",
        *(f"eu-west-1 {it}" for it in ("app", "clicks", "log copies", "streams", "dax", "network")),
        *(f"eu-west-1 {it}" for it in ("static", "files")),
    ]


def test_dax_tells_the_functions_where_it_is() -> None:
    """Its two stacks come before the app, cost what they cost, and hand it what infra/dax.py says."""
    group, stages = find_group("prod-eu-west-1")
    dax = StageDax(enabled=True)
    parts = parts_for(group, stages, "us-east-1", {"prod-eu-west-1": dax}, {})
    regional = [it for it in parts if it.wave == "eu-west-1"]
    network, cluster = regional[1:3]
    outputs = {"SubnetIds": "a,b,c", "FunctionGroupId": "g", "Endpoint": "daxs://e"}
    handed: dict[str, Any] = {}
    for part in (network, cluster):
        for output, key in part.hands:
            put_handed(handed, key, outputs[output])

    assert [it.name for it in regional[:5]] == ["files", "network", "dax", "streams", "app"]
    assert [it.stack for it in (network, cluster)] == ["everhop-prod-network", "everhop-prod-dax"]
    assert handed == handed_config(outputs, outputs)
    assert sum(it.monthly for it in parts if it.name in ("dax", "streams")) == (
        dax.monthly_cost + MONTHLY
    )


def test_dax_that_is_turned_off_goes_last() -> None:
    """Its stacks are looked for after the app has let go of them, and told only when there are any."""
    group, stages = find_group("prod-eu-west-1")
    parts = parts_for(group, stages, "us-east-1", {})
    left = [it for it in parts if it.kind == "leftover"]
    there = Update(is_new=False, changes=("- it",))
    nothing = Update(is_new=False, changes=())

    assert [it.stack for it in left] == ["everhop-prod-dax", "everhop-prod-network"]
    assert names(parts).index("eu-west-1 smoke test") < parts.index(left[0])
    assert not any("off" in line for line in plan_lines(parts, {}))
    assert not any("off" in line for line in plan_lines(parts, dict.fromkeys(parts, nothing)))
    said = [it for it in plan_lines(parts, dict.fromkeys(parts, there)) if "off" in it]
    assert [it.split()[-1] for it in said] == ["remove", "remove"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("enabled = 1", "must be true or false"),
        ('price_class = "cheap"', "must be all or 200 or 100"),
        ('domain = "sho.rt"', "need each other"),
        ('countries_are = "served"', "countries is empty"),
        ('countries = ["de"]', 'must be a list like ["DE", "AT"]'),
        ("shield = true", "shield is unknown"),
    ],
)
def test_a_switch_of_the_edge_that_is_none(tmp_path: Path, line: str, said: str) -> None:
    """File, group and field are named before anything is asked of AWS."""
    file = tmp_path / "edge.toml"
    file.write_text(f"[prod]\n{line}\n")

    with pytest.raises(SettingsFileError, match=r"infra/global/edge.toml: \[prod\]") as caught:
        read_edges(file)
    assert said in str(caught.value)


def test_a_smoke_test_of_nobody() -> None:
    """Nothing at the address is three failures, each with its reason, and no exception."""
    wrong = smoke_test("http://127.0.0.1:9/api/", "r", 0)

    assert len(wrong) == 3
    assert all("has no answer: " in it for it in wrong)


def test_an_address_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """--url wants a stage and where it is."""
    assert main(["deploy", "prod", "--url", "prod-us-east-1", "--plan"]) == 2
    assert "say STAGE=URL" in capsys.readouterr().err

"""`python -m tools publish` against moto's S3 and CloudFront.

What could break for a user: a page that asks for what is not there yet, in one region or after a
stop; an open page whose files are gone; a rollback to half of what was; a second run that writes
all again; an edge that goes on with the old page; a bucket that has other bytes than were built.
"""

import hashlib
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.publish.conftest import EU, US, Account, Site
from tools import site_buckets
from tools.__main__ import main
from tools.client import CannotRun


FOR_GOOD = "public, max-age=31536000, immutable"
ID = re.compile(r"Published (\w{12})")


def published_id(said: str) -> str:
    found = ID.search(said)
    assert found, said
    return found[1]


def references(account: Account, region: str) -> set[str]:
    """What the live entry page refers to, and all that this does in turn."""
    seen: set[str] = set()
    left = ["index.html"]
    while left:
        text = account.text(region, left.pop())
        for key in re.findall(r"/(assets/[0-9a-f]{16}-[\w.]+)", text):
            if key not in seen:
                seen.add(key)
                left.append(key)
    return seen


def test_a_dashboard_is_published(world: Account, site: Site) -> None:
    """Both buckets have all, with the right headers; the edge is told; all is recorded."""
    said = site.publish()
    assert "https://sho.rt/" in said
    assert set(world.keys(US)) == set(world.keys(EU))
    for region in (US, EU):
        used = references(world, region)
        assert {key.partition("-")[2] for key in used} == {"main.js", "part.js", "a.css", "b.svg"}
        for key in used:
            answer = world.get(region, key)
            assert answer["CacheControl"] == FOR_GOOD
            digest = hashlib.sha256(answer["Body"].read()).hexdigest()
            assert key.startswith(f"assets/{digest[:16]}-")
        page = world.get(region, "index.html")
        assert (page["CacheControl"], page["ContentType"]) == (
            "no-cache",
            "text/html; charset=utf-8",
        )
        assert world.get(region, "assets/LICENSE.txt")["CacheControl"] == "no-cache"
    (record,) = [it for it in world.keys(US) if re.fullmatch(r"publications/[^/]+\.json", it)]
    noted = json.loads(world.text(US, record))
    entry = hashlib.sha256(world.text(US).encode()).hexdigest()
    assert (noted["id"], noted["entry"]) == (published_id(said), entry)
    assert {it["key"] for it in noted["files"]} >= references(world, US) | {"index.html"}
    assert world.forgotten() == [{"/", "/index.html", "/robots.txt", "/assets/LICENSE.txt"}]


def test_a_second_run_writes_nothing(world: Account, site: Site) -> None:
    """It says so, and neither a bucket nor the edge notices."""
    site.publish()
    before = world.versions(US), world.versions(EU), len(world.forgotten())
    assert "Nothing to do" in site.publish()
    assert (world.versions(US), world.versions(EU), len(world.forgotten())) == before


def test_a_change_is_written_and_nothing_else(world: Account, site: Site) -> None:
    """A module, what imports it and the page; the old ones stay for pages that are open."""
    site.publish()
    before = world.keys(US)
    old = references(world, US)
    site.write("assets/lib/part.js", "export const part = 2;\n")
    site.publish()
    fresh = {key.partition("-")[2] for key in set(world.keys(US)) - set(before)}
    assert {it for it in fresh if it.endswith((".js", ".css", ".svg"))} == {"part.js", "main.js"}
    assert old <= set(world.keys(US))
    assert references(world, EU) <= set(world.keys(EU))
    assert world.forgotten()[1:] == [{"/", "/index.html"}]


def test_plan_writes_nothing(world: Account, site: Site) -> None:
    """It says what would be, bucket by bucket."""
    said = site.publish("--plan")
    assert "nothing -> " in said
    assert said.count("7 assets and copies, 3 with names of their own") == 2, said
    assert world.keys(US) == world.keys(EU) == {}


def test_one_region_is_enough(account: Account, site: Site) -> None:
    """A bucket, and no edge yet: said, and done."""
    account.make_bucket(US)
    said = site.publish()
    assert "eu-west-1 has no bucket" in said
    assert "there is no edge yet" in said
    assert references(account, US) <= set(account.keys(US))
    account.make_bucket(EU)
    site.publish()
    assert set(account.keys(US)) == set(account.keys(EU))


def test_rollback_goes_back_one_by_one(world: Account, site: Site) -> None:
    """Each goes one further back and none goes forth; the files with names of their own too."""
    ids, pages = [], []
    for number in range(3):
        site.write("assets/lib/part.js", f"export const part = {number};\n")
        site.write("robots.txt", f"# {number}\n")
        ids.append(published_id(site.publish()))
        pages.append(world.text(EU))
    for number in (1, 0):
        assert published_id(site.publish("--rollback")) == ids[number]
        for region in (US, EU):
            assert world.text(region) == pages[number]
            assert world.text(region, "robots.txt") == f"# {number}\n"
    assert world.forgotten()[-1] == {"/", "/index.html", "/robots.txt"}
    assert "Nothing was published before" in site.publish("--rollback", status=2)
    assert published_id(site.publish("--rollback", ids[2])) == ids[2]
    assert world.text(US) == pages[2]
    assert "Nothing to do" in site.publish("--rollback", ids[2])
    assert "There is no publication nonsense" in site.publish("--rollback", "nonsense", status=2)
    listed = site.publish("--list").splitlines()
    assert [line.split()[0] for line in listed[1:]] == [ids[it] for it in (2, 0, 1, 2, 1, 0)]
    assert [line.endswith("live") for line in listed[1:]] == [True, *[False] * 5]


def test_a_bucket_that_came_later_can_be_rolled_back_to(account: Account, site: Site) -> None:
    """What the new bucket never had is brought from the other one."""
    account.make_bucket(US)
    first = published_id(site.publish())
    old = references(account, US)
    site.write("assets/main.js", "// nothing imported\n")
    account.make_bucket(EU)
    site.publish()
    assert not old <= set(account.keys(EU))
    assert published_id(site.publish("--rollback")) == first
    assert references(account, EU) == old <= set(account.keys(EU))


class Stopped(Exception):
    """What stops an upload in a test."""


@pytest.mark.parametrize("writes", [1, 10, 14, 16, 17])
def test_a_stop_leaves_a_whole_page_and_is_gone_on_from(
    world: Account, site: Site, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Whenever it stops: both buckets have all that their pages refer to, and a rerun ends it."""
    site.publish()
    for path in ("assets/lib/part.js", "assets/b.svg", "robots.txt", "assets/LICENSE.txt"):
        site.write(path, "<svg>//changed</svg>")
    with monkeypatch.context() as patched:
        stop_after(patched, writes)
        with pytest.raises(Stopped):
            main(["publish", "prod", "--site", str(site.folder), "--yes"])
    for region in (US, EU):
        assert references(world, region) <= set(world.keys(region))
    site.publish()
    assert world.text(US) == world.text(EU)
    assert set(world.keys(US)) == set(world.keys(EU))
    assert "Nothing to do" in site.publish()


def stop_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    left = [writes]
    put = site_buckets.SiteBucket._put

    def counted(self: Any, *given: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped
        put(self, *given)

    monkeypatch.setattr(site_buckets, "_AT_ONCE", 1)
    monkeypatch.setattr(site_buckets.SiteBucket, "_put", counted)


def test_the_edge_forgets_after_a_stop_before_that(
    world: Account, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the last file and the edge: a rerun has nothing to write, but tells it."""
    site.publish()
    site.write("assets/a.css", "a {}\n")
    with monkeypatch.context() as patched:

        def refuse(*_: Any) -> str:
            raise CannotRun("CreateInvalidation failed")

        patched.setattr(site_buckets, "forget_paths", refuse)
        site.publish(status=2)
    writes = world.versions(US)
    said = site.publish()
    assert world.forgotten()[1] >= {"/", "/index.html"}
    assert world.versions(US) == writes + 1  # the record
    assert "0 assets and copies, 0 with" in said
    assert "Nothing to do" in site.publish()


def test_what_was_overwritten_is_put_right(world: Account, site: Site) -> None:
    """A page that somebody changed by hand, and an asset with other headers."""
    site.publish()
    page = world.text(EU)
    asset = min(references(world, EU))
    client = world.client("s3", EU)
    client.put_object(Bucket=world.buckets[EU], Key="index.html", Body=b"other")
    client.put_object(Bucket=world.buckets[EU], Key=asset, Body=world.text(EU, asset).encode())
    said = site.publish()
    assert "1 assets and copies, 1 with names of their own" in said
    assert world.text(EU) == page
    assert world.get(EU, asset)["CacheControl"] == FOR_GOOD
    assert world.forgotten()[1] == {"/", "/index.html"}


def test_other_bytes_are_refused(world: Account) -> None:
    """What S3 did not store as it was built is an error, and not a success."""
    bucket = site_buckets.SiteBucket(US, world.buckets[US])
    file = site_buckets.Published("x", hashlib.sha256(b"a").hexdigest(), "text/plain", "no-cache")
    with pytest.raises((CannotRun, ClientError)):
        bucket.put([file], lambda _: b"b")


def test_there_must_be_a_bucket(account: Account, site: Site) -> None:
    """With what to do about it."""
    assert "docs/edge.md says how it is made" in site.publish(status=2)
    assert account.buckets == {}


def test_without_credentials(account: Account, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and how to mend it; what can't be built is told before."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    said = site.publish(status=2)
    assert "There are no AWS credentials: set AWS_ACCESS_KEY_ID" in said
    site.write("assets/main.js", 'import "./nowhere.js";')
    assert "refers to assets/nowhere.js" in site.publish(status=2)
    assert account.url


def test_nobody_to_ask(world: Account, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is written."""
    assert main(["publish", "prod", "--site", str(site.folder)]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert world.keys(US) == {}

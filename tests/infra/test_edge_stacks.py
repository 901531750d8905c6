"""What stands around the edge is closed, finds each other by name, and tells what goes wrong."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.config import SETTINGS
from chalicelib.service.passwords import PER_VISITOR
from infra.clicks import LONGEST, dead_letters
from local.edge.access_logs import FIELDS
from tests.infra.rendering import Json, load, render
from tools.click_parts import MONTHLY


TEMPLATES = [
    "global/edge",
    "global/firewall",
    "global/logs",
    "global/watch",
    "regional/clicks",
    "regional/log_copies",
    "regional/static",
]
EDGE = {
    "FirstApi": "a.example",
    "HeadersId": "h",
    "ViewerFunctionArn": "arn:aws:cloudfront::123456789012:function/edge",
}
DISTRIBUTION = "E2EXAMPLE12345"
DESTINATION = "arn:aws:logs:us-east-1:123456789012:delivery-destination:everhop-prod-logs"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
V1_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
).split()


def site(region: str, **given: str) -> Json:
    """The stack of one region's bucket."""
    return render(load("regional/static"), {"AWS::Region": region, **given})


def statements(node: Any) -> Iterator[Json]:
    """Every statement of every policy, wherever it stands."""
    if isinstance(node, dict):
        yield from (it for it in node.get("Statement", []) if "Effect" in it)
        for one in node.values():
            yield from statements(one)
    elif isinstance(node, list):
        for one in node:
            yield from statements(one)


def listed(value: Any) -> list[Any]:
    """A list, of a policy's field that may be a single value."""
    return value if isinstance(value, list) else [value]


def whole(name: str) -> Json:
    """A stack with all that it can have."""
    given = {
        "global/edge": EDGE,
        "global/logs": {"CopyTo": "eu-west-1"},
        "regional/clicks": {"AlarmTopicArn": TOPIC},
        "regional/log_copies": {"AWS::Region": "eu-west-1"},
        "global/watch": {
            "DistributionId": DISTRIBUTION,
            "LogDestinationArn": DESTINATION,
            "AlarmTopicArn": TOPIC,
        },
        "regional/static": {"OtherRegion": "eu-west-1", "DistributionId": DISTRIBUTION},
    }
    return render(load(name), given.get(name, {}))


@pytest.mark.parametrize("name", TEMPLATES)
def test_rights_are_named_one_by_one(name: str) -> None:
    """Nothing is allowed by a wildcard, but the objects of a bucket that is named."""
    for one in statements(whole(name)):
        if one["Effect"] == "Allow":
            assert not [it for it in listed(one["Action"]) if "*" in it], one
            for resource in listed(one.get("Resource", [])):
                assert "*" not in resource.removesuffix("/*"), one
            assert one.get("Principal") != "*", one
            # A service acts for everybody: only a condition makes it act for us.
            assert "Principal" not in one or one["Condition"], one


@pytest.mark.parametrize("name", ["global/logs", "regional/log_copies", "regional/static"])
def test_buckets_are_private(name: str) -> None:
    """No bucket is public, has ACLs, speaks plain HTTP or lies there unencrypted."""
    resources = whole(name)
    (bucket,) = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::S3::Bucket"]
    deny = next(it for it in statements(resources) if it["Effect"] == "Deny")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "AccessControl" not in bucket
    assert "BucketEncryption" in bucket
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["Status"] == "Enabled"


def test_the_edge_reads_the_buckets_that_are_made() -> None:
    """The distribution's origins are the buckets' own names, in both regions."""
    edge = render(
        load("global/edge"),
        {
            **EDGE,
            "SecondApi": "b.example",
            "SecondRegion": "eu-west-1",
        },
    )
    origins = edge["Distribution"]["Properties"]["DistributionConfig"]["Origins"]
    domains = [it["DomainName"] for it in origins if "S3OriginConfig" in it]
    buckets = [site(region)["Site"]["Properties"]["BucketName"]
               for region in ("us-east-1", "eu-west-1")]  # fmt: skip

    assert [domain.partition(".")[0] for domain in domains] == buckets
    assert all(len(name) <= 63 for name in buckets)


def test_only_our_edge_reads_and_nobody_before_it_is_named() -> None:
    """Without its distribution a bucket lets nobody in; with it, that one, to read files."""
    before = [it for it in statements(site("us-east-1")) if it["Effect"] == "Allow"]
    (allowed,) = [
        it
        for it in statements(site("us-east-1", DistributionId=DISTRIBUTION))
        if it["Effect"] == "Allow"
    ]

    assert before == []
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Condition"]["StringEquals"]["aws:SourceArn"].endswith(
        f":distribution/{DISTRIBUTION}"
    )


def test_a_bucket_is_made_before_it_is_copied() -> None:
    """The first update of both stacks has nothing that the other bucket must be there for."""
    first = site("us-east-1")

    assert set(first) == {"Site", "SitePolicy"}
    assert "ReplicationConfiguration" not in first["Site"]["Properties"]
    assert first["Site"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize(("own", "other"), [("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1")])
def test_each_bucket_is_copied_to_the_other(own: str, other: str) -> None:
    """Files and deletions go to the other region's bucket, by a role that can do just that."""
    here = site(own, OtherRegion=other)
    there = site(other)["Site"]["Properties"]["BucketName"]
    replication = here["Site"]["Properties"]["ReplicationConfiguration"]
    (rule,) = replication["Rules"]
    rights = {action: it["Resource"] for it in statements(here["Copier"]["Properties"]["Policies"])
              for action in listed(it["Action"])}  # fmt: skip
    name = here["Site"]["Properties"]["BucketName"]

    assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{there}"
    assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert replication["Role"] == "Copier.Arn"
    assert rights["s3:ReplicateObject"] == f"arn:aws:s3:::{there}/*"
    assert rights["s3:GetObjectVersionForReplication"] == f"arn:aws:s3:::{name}/*"
    assert rights["s3:GetReplicationConfiguration"] == f"arn:aws:s3:::{name}"


def test_a_bucket_is_not_copied_to_itself() -> None:
    """The same region twice is refused before anything is made."""
    with pytest.raises(ValueError, match="another region"):
        site("eu-west-1", OtherRegion="eu-west-1")


def test_old_files_go_and_present_ones_stay() -> None:
    """A lifecycle ends what was replaced; a file that is in use has no end."""
    (rule,) = site("us-east-1")["Site"]["Properties"]["LifecycleConfiguration"]["Rules"]

    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert not [it for it in rule if it.startswith("Expiration")]


def test_the_logs_are_let_in_by_the_name_they_come_by() -> None:
    """The bucket admits the delivery that global/watch makes, and the destination is w3c."""
    logs, watch = whole("global/logs"), whole("global/watch")
    (allowed,) = [it for it in statements(logs["LogsPolicy"]) if it["Effect"] == "Allow"]
    name = watch["LogSource"]["Properties"]["Name"]

    assert allowed["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(f":delivery-source:{name}")
    assert watch["LogSource"]["Properties"]["ResourceArn"].endswith(DISTRIBUTION)
    assert logs["Destination"]["Properties"]["OutputFormat"] == "w3c"
    assert DESTINATION.endswith(f":{logs['Destination']['Properties']['Name']}")


def test_logs_are_copied_to_the_bucket_that_is_made() -> None:
    """By a role that can do just that, from the first file after the second update on."""
    logs, copies = whole("global/logs"), whole("regional/log_copies")["Copies"]["Properties"]
    here, there = logs["Logs"]["Properties"], f"arn:aws:s3:::{copies['BucketName']}"
    rights = {action: it["Resource"] for it in statements(logs["Copier"]["Properties"]["Policies"])
              for action in listed(it["Action"])}  # fmt: skip
    (rule,) = here["ReplicationConfiguration"]["Rules"]
    before = render(load("global/logs"), {})

    assert rule["Destination"]["Bucket"] == there
    assert here["ReplicationConfiguration"]["Role"] == "Copier.Arn"
    assert rights["s3:ReplicateObject"] == f"{there}/*"
    assert rights["s3:GetObjectVersionForReplication"] == f"arn:aws:s3:::{here['BucketName']}/*"
    assert "s3:ReplicateDelete" not in rights
    for bucket in (here, copies):
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"]
    assert "Copier" not in before
    assert "ReplicationConfiguration" not in before["Logs"]["Properties"]


def test_logs_are_not_copied_to_where_they_are() -> None:
    """S3 would refuse it, half-way through an update."""
    with pytest.raises(ValueError, match="another region"):
        render(load("global/logs"), {"CopyTo": "us-east-1"})


def test_both_buckets_of_logs_forget_together() -> None:
    """Addresses are kept no longer for being copied."""
    kept = [load(name)["Parameters"]["KeepFor"] for name in ("global/logs", "regional/log_copies")]
    assert kept[0]["Default"] == kept[1]["Default"]


def test_the_queue_is_the_one_that_lambda_is_told_of() -> None:
    """And whoever wants to know is told of letters, and of files that wait."""
    found = whole("regional/clicks")
    queue = f"arn:aws:sqs:us-east-1:123456789012:{found['DeadLogs']['Properties']['QueueName']}"
    function = "arn:aws:lambda:us-east-1:123456789012:function:everhop-prod-us-east-1-clicks"
    alarms = {name: it["Properties"] for name, it in found.items()
              if it["Type"] == "AWS::CloudWatch::Alarm"}  # fmt: skip

    assert queue == dead_letters(function, "prod")
    assert {it["MetricName"] for it in alarms.values()} == {
        "ApproximateNumberOfMessagesVisible",
        "AsyncEventAge",
    }
    assert len(alarms) * 0.10 == MONTHLY
    assert all(it["AlarmActions"] == [TOPIC] for it in alarms.values())
    # While Lambda still has them.
    assert alarms["Behind"]["Threshold"] < LONGEST * 1000


def test_log_lines_are_those_of_v1() -> None:
    """33 fields, tab-separated, in v1's order, and after them what only v2 tells."""
    delivery = whole("global/watch")["LogDelivery"]["Properties"]

    assert len(V1_FIELDS) == 33
    assert delivery["RecordFields"] == [*V1_FIELDS, "c-country"] == FIELDS
    assert delivery["FieldDelimiter"] == "\t"


def test_logs_outlive_their_latest_delivery() -> None:
    """Files come up to a day late, and stay for some days more whatever is chosen."""
    parameter = load("global/logs")["Parameters"]["KeepFor"]

    assert parameter["Default"] >= 7
    assert parameter["MinValue"] >= 3


def test_nothing_is_watched_that_is_not_there() -> None:
    """Without logs, metrics and a topic there is an alarm of errors and a dashboard, at no one."""
    found = render(load("global/watch"), {"DistributionId": DISTRIBUTION, "MoreMetrics": "off"})

    assert set(found) == {"Errors", "Dashboard"}
    assert "AlarmActions" not in found["Errors"]["Properties"]


def test_alarms_look_at_this_edge_and_call_the_topic() -> None:
    """Errors, latency and hits, each of the one distribution."""
    alarms = {name: it["Properties"] for name, it in whole("global/watch").items()
              if it["Type"] == "AWS::CloudWatch::Alarm"}  # fmt: skip

    assert {name: it["MetricName"] for name, it in alarms.items()} == {
        "Errors": "5xxErrorRate",
        "Latency": "OriginLatency",
        "Hits": "CacheHitRate",
    }
    for alarm in alarms.values():
        dimensions = {it["Name"]: it["Value"] for it in alarm["Dimensions"]}
        assert dimensions == {"DistributionId": DISTRIBUTION, "Region": "Global"}
        assert alarm["AlarmActions"] == [TOPIC]


def test_the_dashboard_is_json() -> None:
    """CloudWatch can read it, and it draws the alarms' lines where they are."""
    body = json.loads(whole("global/watch")["Dashboard"]["Properties"]["DashboardBody"])
    lines = [it["value"] for widget in body["widgets"]
             for it in widget["properties"].get("annotations", {}).get("horizontal", [])]  # fmt: skip

    assert len(body["widgets"]) == 4
    assert lines == [1, 2000]
    assert DISTRIBUTION in json.dumps(body)


def test_the_firewall_counts_by_address_before_all_else() -> None:
    """Three rules, each of one address, answer 429 with a time to wait."""
    firewall = whole("global/firewall")["Firewall"]["Properties"]

    assert firewall["Scope"] == "CLOUDFRONT"
    for rule in firewall["Rules"]:
        answer = rule["Action"]["Block"]["CustomResponse"]
        assert rule["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
        assert answer["ResponseCode"] == 429
        assert answer["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "300"}]
        assert not rule["VisibilityConfig"]["SampledRequestsEnabled"], "samples keep keys"
    body = json.loads(firewall["CustomResponseBodies"]["TooMany"]["Content"])
    assert (body["status"], body["code"]) == (429, "rate_limited")


def test_the_firewall_is_wider_than_what_it_guards() -> None:
    """It stops nobody whom the app would let through: one key at its limit, one visitor's tries."""
    rules = {it["Name"]: it["Statement"]["RateBasedStatement"]["Limit"]
             for it in whole("global/firewall")["Firewall"]["Properties"]["Rules"]}  # fmt: skip
    key_limit = int(SETTINGS["EVERHOP_RATE_LIMIT"].default) * 5

    assert rules["key-requests"] > key_limit
    assert rules["password-tries"] > PER_VISITOR.wrong * 5
    assert rules["all-requests"] > rules["key-requests"]


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/api/v/promo", True),
        ("/api/r/promo", True),
        ("//api//v/promo", True),
        ("/api/v1/links", False),
        ("/promo", False),
        ("/api/vr/promo", False),
    ],
)
def test_passwords_are_counted_where_they_are_sent(path: str, counted: bool) -> None:
    """The rule's pattern is the two routes that take the form, however many slashes."""
    rule = whole("global/firewall")["Firewall"]["Properties"]["Rules"][0]
    _, where = rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["AndStatement"][
        "Statements"
    ]

    assert bool(re.search(where["RegexMatchStatement"]["RegexString"], path)) is counted

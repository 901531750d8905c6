"""Takes the parts of a deployment away: stacks, apps and, where that is wanted, their data."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from tools.app_removals import AppRemoval
from tools.deploy_parts import parts_for
from tools.live_apps import adopt_note
from tools.origin_secrets import forget_secrets, read_secrets
from tools.parts import Part
from tools.releases import Releases
from tools.stacks import Stacks
from tools.stage_apis import calling, is_found, make_client
from tools.stages import Group, Stage


_AT_ONCE = 1000  # objects that S3 deletes in one call
# By part, as templates name them.
_BUCKETS = {"files": "files", "static": "site", "logs": "logs", "log copies": "logs"}


class Removals:
    """What is there of a group, and taking it away; each call raises CannotRun."""

    def __init__(self, group: Group, home: str) -> None:
        self._group, self._home = group, home
        self._stages = {stage.name: stage for stage in group.stages}
        self._parts = parts_for(group, group.stages, home)

    def is_there(self, part: Part) -> bool:
        """Whether anything is left of a part."""
        if part.kind == "app":
            self._adopt(part)
            return AppRemoval(self._stages[part.stage], part.region).is_left()
        if part.kind == "secret":
            return bool(read_secrets(self._group.name))
        return bool(Stacks(part.region).read(part.stack)) or bool(self._data_of(part))

    def remove(self, part: Part) -> None:
        """Take it away; a second time goes on where the first one stopped."""
        if part.kind == "app":
            AppRemoval(self._stages[part.stage], part.region).remove()
            return
        if part.kind == "secret":
            forget_secrets(self._group.name)
            return
        data = self._data_of(part)
        stacks = Stacks(part.region)
        if stacks.read(part.stack):
            stacks.delete(part.stack)
        if part.name == "table" and part.is_data:
            for region in reversed(data):
                _delete_table(self._group.table, region)
        if part.name in _BUCKETS and part.is_data:
            for bucket in data:
                _delete_bucket(bucket, part.region)

    def left_of(self, part: Part) -> Iterator[str]:
        """Lines about what is still there of a part."""
        if Stacks(part.region).read(part.stack):
            yield f"stack {part.stack} in {part.region}"
        if part.name == "table":
            yield from (f"table {self._group.table} in {it}" for it in self._data_of(part))
        if part.name in _BUCKETS:
            yield from (f"bucket {it} in {part.region}" for it in self._data_of(part))

    def logs(self, stages: Sequence[Stage]) -> list[str]:
        """The functions' logs, which nobody deletes."""
        found = []
        for stage in stages:
            region = stage.region or self._home
            name = f"/aws/lambda/{stage.config['app_name']}-{stage.name}"
            there = set(_log_groups(region, name)) & {
                name,
                *(f"{name}-{it}" for it in ("worker", "warm", "changes", "clicks")),
            }
            found += [f"log group {it} in {region}" for it in sorted(there)]
        return found

    def _adopt(self, part: Part) -> None:
        files = next(it for it in self._parts if it.name == "files" and it.stage == part.stage)
        bucket = Stacks(files.region).outputs(files.stack).get("BucketName")
        if bucket:
            adopt_note(part.stage, Releases(part.stage, files.region, bucket).newest())

    def _data_of(self, part: Part) -> list[str]:
        """The regions that have the table, or the buckets: those that are there."""
        if part.name == "table":
            regions = dict.fromkeys(
                [self._home, *(it.region or self._home for it in self._group.stages)]
            )
            return [it for it in regions if _has_table(self._group.table, it)]
        if part.name in _BUCKETS:
            account = calling(make_client("sts", part.region).get_caller_identity)["Account"]
            bucket = f"everhop-{self._group.name}-{_BUCKETS[part.name]}-{account}-{part.region}"
            return [bucket] if _has_bucket(bucket, part.region) else []
        return []


def _log_groups(region: str, prefix: str) -> list[str]:
    client = make_client("logs", region)
    said = calling(lambda: client.describe_log_groups(logGroupNamePrefix=prefix))
    return [it["logGroupName"] for it in said["logGroups"]]


def _has_table(table: str, region: str) -> bool:
    return is_found(lambda: make_client("dynamodb", region).describe_table(TableName=table))


def _has_bucket(bucket: str, region: str) -> bool:
    return is_found(lambda: make_client("s3", region).head_bucket(Bucket=bucket))


def _delete_table(table: str, region: str) -> None:
    client = make_client("dynamodb", region)
    named = {"TableName": table}
    calling(lambda: client.update_table(**named, DeletionProtectionEnabled=False))
    calling(lambda: client.get_waiter("table_exists").wait(**named))
    calling(lambda: client.delete_table(**named))
    calling(lambda: client.get_waiter("table_not_exists").wait(**named))


def _delete_bucket(bucket: str, region: str) -> None:
    client = make_client("s3", region)
    named = {"Bucket": bucket}
    while keys := _some_keys(client, bucket):
        calling(partial(client.delete_objects, **named, Delete={"Objects": keys, "Quiet": True}))
    calling(lambda: client.delete_bucket(**named))


def _some_keys(client: Any, bucket: str) -> list[dict[str, str]]:
    """Some versions of some, as those of what was deleted before keep a bucket too."""
    said = calling(partial(client.list_object_versions, Bucket=bucket, MaxKeys=_AT_ONCE))
    listed = [*said.get("Versions", ()), *said.get("DeleteMarkers", ())]
    return [{"Key": it["Key"], "VersionId": it["VersionId"]} for it in listed]

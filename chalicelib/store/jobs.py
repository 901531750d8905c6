"""Jobs in the table of the links; every save is conditional, so that two workers can't both win."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.core.errors import Stale
from chalicelib.core.jobs import Job
from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.keys import JOB_SK, job_pk


class JobItem(Model):
    """One job; it has no list_key, so it is in no list."""

    class Meta:
        """Bound to the links' table by `bind_beside`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=JOB_SK)
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    plan = UnicodeAttribute()
    progress = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    updated_at = UTCDateTimeAttribute()
    leased_until = UTCDateTimeAttribute(null=True)
    tries = NumberAttribute()
    resets = NumberAttribute()
    problem = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    version = NumberAttribute()
    write_id = UnicodeAttribute()  # as in LinkItem
    ttl = NumberAttribute()  # epoch seconds: when the job is forgotten


class JobTable:
    """The `JobStore` over one region's table."""

    def __init__(self, model: type[JobItem]) -> None:
        self._model = model

    def get(self, workspace: str, job_id: str) -> Job | None:
        """One consistent GetItem; see JobStore."""
        item = self._get_item(workspace, job_id)
        return None if item is None else to_job(workspace, job_id, item)

    def _get_item(self, workspace: str, job_id: str) -> JobItem | None:
        try:
            with answering():
                return self._model.get(job_pk(workspace, job_id), JOB_SK, consistent_read=True)
        except DoesNotExist:
            return None

    def create(self, job: Job) -> None:
        """One conditional PutItem; see JobStore."""
        self._put(job, self._model.pk.does_not_exist())

    def replace(self, job: Job) -> None:
        """One conditional PutItem; see JobStore."""
        self._put(job, self._model.version == job.version - 1)

    def _put(self, job: Job, condition: Condition) -> None:
        """Put the item if the condition holds; a repeat of our own put is no conflict."""
        item = to_job_item(self._model, job, uuid.uuid4().hex)
        try:
            with answering():
                item.save(condition=condition)
        except ConditionFailed:
            there = self._get_item(job.workspace, job.id)
            if there is None or there.write_id != item.write_id:
                raise Stale("Another worker has this job.") from None


_COPIED = "kind state created_at updated_at leased_until tries resets problem version".split()


def to_job_item(model: type[JobItem], job: Job, write_id: str) -> JobItem:
    """The item that stores a job."""
    values: dict[str, Any] = {name: getattr(job, name) for name in _COPIED}
    return model(
        job_pk(job.workspace, job.id),
        JOB_SK,
        plan=json.dumps(job.plan),
        progress=json.dumps(job.progress),
        ttl=int(job.expires_at.timestamp()),
        place=job.place or None,
        write_id=write_id,
        **values,
    )


def to_job(workspace: str, job_id: str, item: JobItem) -> Job:
    """The job that an item stores."""
    values: dict[str, Any] = {name: getattr(item, name) for name in _COPIED}
    for name in ("tries", "resets", "version"):
        values[name] = int(values[name])
    return Job(
        id=job_id,
        workspace=workspace,
        plan=json.loads(item.plan),
        progress=json.loads(item.progress),
        expires_at=datetime.fromtimestamp(int(item.ttl), UTC),
        place=item.place or "",
        **values,
    )

"""A destroy takes the schedule of keep-warm along: it would call a function that is gone for ever."""

from tests.publish.conftest import US, Account
from tools.app_removals import AppRemoval
from tools.stages import find_group


RULE = "everhop-prod-us-east-1-warm-event"


def test_a_schedule_is_taken_away(account: Account) -> None:
    """With its target, also where all else is gone already; and a second time does no harm."""
    events = account.client("events")
    events.put_rule(Name=RULE, ScheduleExpression="rate(5 minutes)")
    target = {"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:x"}
    events.put_targets(Rule=RULE, Targets=[target])
    removal = AppRemoval(find_group("prod-us-east-1")[1][0], US)
    assert removal.is_left()
    removal.remove()
    assert events.list_rules()["Rules"] == []
    assert not removal.is_left()
    removal.remove()

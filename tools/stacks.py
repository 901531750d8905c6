"""The CloudFormation stacks of a deployment: what an update would change, and making it so."""

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tools.client import CannotRun
from tools.parts import Part
from tools.stage_apis import calling, make_client
from tools.stages import ROOT


Json = dict[str, Any]
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
_MOST_WAIT = 3600.0  # seconds: a replica, or a distribution, can take its time
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_RESOURCE = re.compile(r"^  (\w+):\n(?: +#.*\n)*    Type: AWS::(\S+)", re.MULTILINE)
_ACTS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": "+", "Dynamic": "~"}


class Update(NamedTuple):
    """What would become of a stack: it is made, or these changes are; neither is "already so"."""

    is_new: bool
    changes: tuple[str, ...]


class Stacks:
    """The stacks of one region; each call raises CannotRun with one sentence."""

    def __init__(self, region: str) -> None:
        self._client = make_client("cloudformation", region)

    def read(self, name: str) -> Json | None:
        """A stack as it is; None when there is none."""
        try:
            stack: Json = calling(lambda: self._client.describe_stacks(StackName=name))["Stacks"][0]
        except CannotRun as error:
            if "does not exist" in str(error):
                return None
            raise
        # What an interrupted first change set leaves behind has nothing in it.
        return None if stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack

    def outputs(self, name: str) -> dict[str, str]:
        """What a stack tells, by name; nothing when there is no such stack."""
        stack = self.read(name) or {}
        return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}

    def look(self, part: Part) -> Update:
        """What `apply` would do: CloudFormation's own change set, which is deleted again."""
        stack = self.read(part.stack)
        if stack is None and part.settings:  # its first step is yet to make it
            return Update(is_new=False, changes=_changed_parameters(part, {}))
        if stack is None:
            return Update(is_new=True, changes=tuple(_resources(_template(part))))
        _refuse_half_made(stack)
        changed = _changed_parameters(part, stack)
        if part.settings:
            return Update(is_new=False, changes=changed)
        name = self._propose(part, stack)
        listed = self._changes(part.stack, name)
        calling(lambda: self._client.delete_change_set(StackName=part.stack, ChangeSetName=name))
        return Update(is_new=False, changes=() if listed is None else (*changed, *listed))

    def apply(self, part: Part) -> None:
        """Have the stack made, or changed, and wait for it."""
        stack = self.read(part.stack)
        name = self._propose(part, stack)
        if self._changes(part.stack, name) is None:
            return
        named = {"StackName": part.stack, "ChangeSetName": name}
        calling(lambda: self._client.execute_change_set(**named))
        self._wait(part.stack)

    def delete(self, name: str) -> None:
        """Delete a stack, and wait; what its template retains stays."""
        calling(lambda: self._client.delete_stack(StackName=name))
        self._wait(name)

    def _propose(self, part: Part, stack: Json | None) -> str:
        name = f"everhop-{uuid.uuid4().hex[:12]}"
        source: Json = (
            {"UsePreviousTemplate": True} if part.settings else {"TemplateBody": _template(part)}
        )
        calling(
            lambda: self._client.create_change_set(
                StackName=part.stack,
                ChangeSetName=name,
                ChangeSetType="UPDATE" if stack else "CREATE",
                Parameters=list(_parameters(part, stack)),
                Capabilities=_CAPABILITIES,
                **source,
            )
        )
        return name

    def _changes(self, stack: str, name: str) -> tuple[str, ...] | None:
        """The change set's lines once it is made; None when it has nothing to change."""
        named = {"StackName": stack, "ChangeSetName": name}
        for _ in _pauses(f"The change set of {stack} is not made yet"):
            said = calling(lambda: self._client.describe_change_set(**named))
            if said["Status"] == "FAILED":
                reason = said.get("StatusReason", "")
                if any(words in reason for words in _UNCHANGED):
                    return None
                raise CannotRun(f"CloudFormation refuses to change {stack}: {reason}")
            if said["Status"] == "CREATE_COMPLETE":
                return tuple(_lines_of(said.get("Changes", [])))
        raise AssertionError

    def _wait(self, name: str) -> None:
        started, said = time.monotonic(), 0
        for _ in _pauses(f"The stack {name} is still at it"):
            stack = self.read(name)
            minutes = int((time.monotonic() - started) / 60)
            if minutes > said:  # CloudFront takes some, and so does a network
                said = minutes
                print(f"           {name} is still at it, {minutes} min", flush=True)
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if not status.endswith("_IN_PROGRESS"):
                if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                    raise CannotRun(f"The stack {name} ended as {status}: {self._reason(name)}")
                return

    def _reason(self, name: str) -> str:
        events = calling(lambda: self._client.describe_stack_events(StackName=name))["StackEvents"]
        failed = [it for it in events if it["ResourceStatus"].endswith("_FAILED")]
        first = failed[-1] if failed else {}
        return str(first.get("ResourceStatusReason", "see its events in the console"))


def _refuse_half_made(stack: Json) -> None:
    status = stack["StackStatus"]
    if status.endswith("_IN_PROGRESS"):
        raise CannotRun(f"The stack {stack['StackName']} is {status}: wait, and try again.")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        # Elsewhere the command would do nothing, and say nothing.
        name, region = stack["StackName"], stack["StackId"].split(":")[3]
        raise CannotRun(
            f"The stack {name} is {status}, which nothing can be changed in: delete it first "
            f"(aws cloudformation delete-stack --region {region} --stack-name {name})."
        )


def _template(part: Part) -> str:
    return (ROOT / "infra" / part.template).read_text(encoding="utf-8")


def _resources(template: str) -> Iterator[str]:
    """What a template makes, found without knowing CloudFormation's tags."""
    _, _, resources = template.partition("\nResources:\n")
    for name, kind in _RESOURCE.findall(resources):
        yield f"+ {name} ({kind})"


def current_parameters(stack: Json | None) -> dict[str, str]:
    """A stack's parameters as it has them."""
    listed = (stack or {}).get("Parameters", [])
    return {it["ParameterKey"]: it["ParameterValue"] for it in listed}


def _parameters(part: Part, stack: Json | None) -> Iterator[Mapping[str, Any]]:
    wanted, now = dict(part.parameters), current_parameters(stack)
    for key in wanted if not part.settings else now | wanted:
        if key in now and (key in part.keeps or key not in wanted):
            yield {"ParameterKey": key, "UsePreviousValue": True}
        else:
            yield {"ParameterKey": key, "ParameterValue": wanted[key]}


def _changed_parameters(part: Part, stack: Json) -> tuple[str, ...]:
    now = current_parameters(stack)
    changed = {
        key: value
        for key, value in part.parameters
        if now.get(key) != value and not (key in now and key in part.keeps)
    }
    return tuple(f"{key} = {value or 'nothing'}" for key, value in changed.items())


def _lines_of(changes: list[Json]) -> Iterator[str]:
    for change in (it["ResourceChange"] for it in changes if "ResourceChange" in it):
        replaced = change.get("Replacement") in ("True", "Conditional")
        act = _ACTS.get(change["Action"], change["Action"])
        kind = change["ResourceType"].removeprefix("AWS::")
        yield f"{act} {change['LogicalResourceId']} ({kind})" + (" REPLACED" if replaced else "")


def _pauses(late: str) -> Iterator[None]:
    started, pause = time.monotonic(), 0.1
    while time.monotonic() - started < _MOST_WAIT:
        yield
        time.sleep(pause)
        pause = min(pause * 2, 10)
    raise CannotRun(f"{late} after {_MOST_WAIT / 60:.0f} minutes: look at it in the console.")

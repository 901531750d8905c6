"""CloudFormation's conditions and functions, as far as our templates use them.

Stricter than CloudFormation: what is not known here, or resolves to nothing, is an error.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


ROOT = Path(__file__).parents[2] / "infra"
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "stack",
}
Json = dict[str, Any]
_GONE = object()
_NAME = re.compile(r"\$\{([A-Za-z:]+)(?:\.([A-Za-z]+))?\}")


def load(name: str) -> Json:
    """A template of infra/, by its name without `.yaml`."""
    template: Json = yaml.safe_load((ROOT / f"{name}.yaml").read_text(encoding="utf-8"))
    return template


def render(template: Json, given: Mapping[str, Any]) -> Json:
    """The resources that there are with these parameters; a resource's Ref is its own name.

    KeyError names what has neither a value nor a default, or is not in the template; ValueError
    the rule or the pattern that the parameters break.
    """
    return _Stack(template, given).resources()


class _Stack:
    def __init__(self, template: Json, given: Mapping[str, Any]) -> None:
        self._template = template
        unknown = set(given) - {*template["Parameters"], *PSEUDO}
        if unknown:
            raise KeyError(f"no parameter {sorted(unknown)}")
        declared = template["Parameters"]
        values = {name: given[name] if name in given else one["Default"]
                  for name, one in declared.items()}  # fmt: skip
        for name, value in values.items():
            self._check(name, str(value), declared[name])
        self._values = {**PSEUDO, **given, **values}
        self._lists = {it for it, one in declared.items() if one["Type"] == "CommaDelimitedList"}

    @staticmethod
    def _check(name: str, value: str, declared: Json) -> None:
        allowed = declared.get("AllowedValues", [value])
        if value not in map(str, allowed) or not re.fullmatch(
            declared.get("AllowedPattern", ".*"), value
        ):
            raise ValueError(f"{name} can't be {value!r}")
        least, most = declared.get("MinValue"), declared.get("MaxValue")
        if (least is not None and int(value) < least) or (most is not None and int(value) > most):
            raise ValueError(f"{name} can't be {value}")

    def resources(self) -> Json:
        for rule in self._template.get("Rules", {}).values():
            if self.value(rule.get("RuleCondition", True)):
                for one in rule["Assertions"]:
                    if not self.value(one["Assert"]):
                        raise ValueError(one["AssertDescription"])
        return {
            name: self.value(one)
            for name, one in self._template["Resources"].items()
            if "Condition" not in one or self.value({"Condition": one["Condition"]})
        }

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [it for it in map(self.value, node) if it is not _GONE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if (
                name == "Ref"
                or name.startswith("Fn::")
                or (name, type(argument)) == ("Condition", str)
            ):
                return self._call(name, argument)
        found = {name: self.value(one) for name, one in node.items()}
        return {name: one for name, one in found.items() if one is not _GONE}

    def _call(self, name: str, argument: Any) -> Any:  # noqa: C901, PLR0911 - a table of functions
        match name:
            case "Ref":
                return self._ref(argument)
            case "Condition":
                return self.value(self._template["Conditions"][argument])
            case "Fn::If":
                condition, yes, no = argument
                return self.value(yes if self.value({"Condition": condition}) else no)
            case "Fn::Equals":
                one, other = map(str, self.value(argument))
                return one == other
            case "Fn::Not":
                return not self.value(argument)[0]
            case "Fn::Or":
                return any(self.value(argument))
            case "Fn::And":
                return all(self.value(argument))
            case "Fn::FindInMap":
                table, row, column = argument
                return self._template["Mappings"][table][row][column]
            case "Fn::GetAtt":
                return self._attribute(*argument)
            case "Fn::Sub":
                return _NAME.sub(
                    lambda it: self._attribute(it[1], it[2]) if it[2] else str(self._ref(it[1])),
                    argument,
                )
        raise KeyError(name)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _GONE
        if name in self._lists:
            return str(self._values[name]).split(",")
        return self._values[name] if name in self._values else self._there(name)

    def _attribute(self, resource: str, attribute: str) -> str:
        return f"{self._there(resource)}.{attribute}"

    def _there(self, name: str) -> str:
        resource = self._template["Resources"][name]
        if "Condition" in resource and not self.value({"Condition": resource["Condition"]}):
            raise KeyError(f"{name} is not there under this condition")
        return name

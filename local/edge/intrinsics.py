"""A CloudFormation template with its parameters filled in: intrinsic functions become values."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


Json = dict[str, Any]
NO_VALUE = object()  # what Ref AWS::NoValue leaves behind: the property is not there
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")
_PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "everhop-local",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/everhop-local/0",
}


class TemplateError(ValueError):
    """A template that can't be evaluated; the text names what is wrong with it."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _short_tag(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> Json:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if tag == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has no fourth kind
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_tag)


def read_template(path: Path) -> Json:
    """A template as data, its functions in their long form."""
    template: Json = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader with tags
    return template


def evaluate(template: Json, parameters: Mapping[str, Any]) -> Json:
    """The template's resources that its conditions keep, each with values in place of functions.

    A reference to a resource is its logical name, an attribute `Name.Attribute`. A parameter that
    has neither a value nor a default is TemplateError.
    """
    scope = _Scope(template, parameters)
    kept: Json = {}
    for name, resource in template["Resources"].items():
        condition = resource.get("Condition")
        if condition is None or scope.condition(condition):
            kept[name] = scope.value(resource)
    return kept


class _Scope:
    def __init__(self, template: Json, parameters: Mapping[str, Any]) -> None:
        self._template = template
        self._given = parameters

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [one for one in map(self.value, node) if one is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in self._functions:
                return self._functions[name](self, argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"{name} is not known here.")
        values = {name: self.value(one) for name, one in node.items()}
        return {name: one for name, one in values.items() if one is not NO_VALUE}

    def condition(self, name: str) -> bool:
        try:
            return bool(self.value(self._template["Conditions"][name]))
        except KeyError:
            raise TemplateError(f"there is no condition {name!r}.") from None

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._given:
            return self._typed(name, self._given[name])
        if name in self._template.get("Parameters", {}):
            if "Default" not in self._template["Parameters"][name]:
                raise TemplateError(f"parameter {name} has no value.")
            return self._typed(name, self._template["Parameters"][name]["Default"])
        if name in self._template["Resources"]:
            return name
        if name in _PSEUDO:
            return _PSEUDO[name]
        raise TemplateError(f"there is nothing named {name!r}.")

    def _typed(self, name: str, value: Any) -> Any:
        kind = self._template.get("Parameters", {}).get(name, {}).get("Type", "")
        if kind.startswith("List<") or kind == "CommaDelimitedList":
            return [one.strip() for one in str(value).split(",")] if value != "" else []
        return value

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def fill(found: re.Match[str]) -> str:
            literal, name = found[1], found[2].strip()
            if literal:
                return f"${{{found[2]}}}"
            return str(self.value(own[name]) if name in own else self._named(name))

        return _VARIABLE.sub(fill, text)

    def _named(self, name: str) -> Any:
        head, dot, attribute = name.partition(".")
        return self._attribute([head, attribute]) if dot else self._ref(name)

    def _attribute(self, argument: Any) -> str:
        head, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if head not in self._template["Resources"]:
            raise TemplateError(f"there is no resource {head!r}.")
        return f"{head}.{attribute}"

    def _if(self, argument: list[Any]) -> Any:
        name, yes, no = argument
        return self.value(yes if self.condition(name) else no)

    def _equals(self, argument: list[Any]) -> bool:
        one, other = self.value(argument)
        return _text(one) == _text(other)

    def _map(self, argument: list[Any]) -> Any:
        table, row, column = self.value(argument)
        return self._template["Mappings"][table][row][column]

    def _select(self, argument: list[Any]) -> Any:
        index, values = self.value(argument)
        return values[int(index)]

    def _join(self, argument: list[Any]) -> str:
        glue, values = self.value(argument)
        return str(glue).join(map(str, values))

    def _split(self, argument: list[Any]) -> list[str]:
        glue, text = self.value(argument)
        return str(text).split(glue)

    def _imported(self, argument: Any) -> Any:
        name = self.value(argument)
        return self._given.get(name, name)

    _functions: Any = {  # noqa: RUF012 - a table of its own methods
        "Ref": _ref,
        "Condition": condition,
        "Fn::Sub": _sub,
        "Fn::GetAtt": _attribute,
        "Fn::If": _if,
        "Fn::Equals": _equals,
        "Fn::Not": lambda self, argument: not self.value(argument)[0],
        "Fn::And": lambda self, argument: all(self.value(argument)),
        "Fn::Or": lambda self, argument: any(self.value(argument)),
        "Fn::FindInMap": _map,
        "Fn::Select": _select,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::ImportValue": _imported,
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

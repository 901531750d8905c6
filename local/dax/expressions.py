"""Expressions: DAX's clients send them parsed; DynamoDB wants text with #names and :values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.dax.cbor import Malformed, Reader, Tagged
from local.dax.values import Json, value_of


FORMAT = 1
LIST_INDEX = 3324  # tag
Node = list[Any]
Path = tuple[str | int, ...]
_INFIX = {0: "=", 1: "<>", 2: "<", 3: ">=", 4: ">", 5: "<=", 25: "+", 26: "-"}
_NOT, _BETWEEN, _IN, _VARIABLE, _PATH = 8, 9, 10, 17, 18
_FUNCTIONS = {
    11: "attribute_exists",
    12: "attribute_not_exists",
    13: "attribute_type",
    14: "begins_with",
    15: "contains",
    16: "size",
    23: "if_not_exists",
    24: "list_append",
}
_CLAUSES = {19: "SET", 22: "REMOVE", 20: "ADD", 21: "DELETE"}


@dataclass
class Names:
    """The #names and :values of one request's expressions."""

    names: dict[str, str] = field(default_factory=dict)
    values: Json = field(default_factory=dict)

    def name(self, attribute: str) -> str:
        """The #name of an attribute, which may then contain dots and be a reserved word."""
        return self.names.setdefault(attribute, f"#n{len(self.names)}")

    def value(self, literal: Any) -> str:
        """A :value."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value_of(literal)
        return placeholder

    def fields(self) -> Json:
        """The fields of a request that say what they are; DynamoDB refuses empty ones."""
        names = {placeholder: name for name, placeholder in self.names.items()}
        fields = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self.values}
        return {field: content for field, content in fields.items() if content}


def condition_text(data: bytes, names: Names) -> str:
    """The text of a condition, a key condition or a filter."""
    tree, literals = _parts(data)
    return _Text(names, literals).of(tree)


def update_text(data: bytes, names: Names) -> str:
    """The text of an update expression."""
    actions, literals = _parts(data)
    text = _Text(names, literals)
    clauses = {code: [text.action(one) for one in actions if one[0] == code] for code in _CLAUSES}
    return " ".join(
        f"{_CLAUSES[code]} {', '.join(found)}" for code, found in clauses.items() if found
    )


def projection_paths(data: bytes) -> list[Path]:
    """The paths of a projection, in its order."""
    _, nodes = Reader(data).item()
    return [path_of(node) for node in nodes]


def path_of(node: Node) -> Path:
    """The names and list indexes of a document path."""
    if node[0] != _PATH:
        raise Malformed("A projection of something that is no path.")
    return tuple(part.item if isinstance(part, Tagged) else part for part in node[1:])


def _parts(data: bytes) -> tuple[Node, list[Any]]:
    form, tree, literals = Reader(data).item()
    if form != FORMAT:
        raise Malformed(f"An expression of the unknown format {form}.")
    return tree, literals


@dataclass
class _Text:
    names: Names
    literals: list[Any]

    def of(self, node: Node) -> str:
        code, *operands = node
        if code == _VARIABLE:
            return self.names.value(self.literals[operands[0]])
        if code == _PATH:
            return self._path(operands)
        if code in _FUNCTIONS:
            return f"{_FUNCTIONS[code]}({', '.join(map(self.of, operands))})"
        if code in _INFIX:
            left, right = map(self.of, operands)
            return f"{left} {_INFIX[code]} {right}"
        if code not in _RARER:
            raise Malformed(f"An expression with the unknown operator {code}.")
        return _RARER[code](self, operands)

    def action(self, node: Node) -> str:
        """One action of an update, without its clause's name."""
        code, *operands = node
        return (" = " if code == 19 else " ").join(map(self.of, operands))

    def _path(self, parts: list[Any]) -> str:
        text = ""
        for part in parts:
            if isinstance(part, Tagged):
                text += f"[{part.item}]"
            else:
                text += ("." if text else "") + self.names.name(part)
        return text

    def _junction(self, word: str, operands: Node) -> str:
        return f" {word} ".join(f"({self.of(operand)})" for operand in operands)

    def _between(self, operands: Node) -> str:
        value, low, high = map(self.of, operands)
        return f"{value} BETWEEN {low} AND {high}"

    def _in(self, operands: Node) -> str:
        value, among = operands
        return f"{self.of(value)} IN ({', '.join(map(self.of, among))})"


_RARER: dict[int, Callable[[_Text, Node], str]] = {
    6: lambda text, operands: text._junction("AND", operands),  # noqa: SLF001
    7: lambda text, operands: text._junction("OR", operands),  # noqa: SLF001
    _NOT: lambda text, operands: f"NOT ({text.of(operands[0])})",
    _BETWEEN: lambda text, operands: text._between(operands),  # noqa: SLF001
    _IN: lambda text, operands: text._in(operands),  # noqa: SLF001
}

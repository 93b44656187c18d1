"""YAML with the place of every value, read without anything that could surprise.

No tags, anchors or aliases; ``true`` and ``false`` are the only truth values (so ``on`` is a word); a key that stands
twice is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rules.problems import BadRulebook, Problem

Path = tuple[str | int, ...]
MAX_CHARACTERS: Final = 1_000_000
MAX_DEPTH: Final = 12
MAX_DIGITS: Final = 18
"""What has more is no number that anything is reckoned with, and stays a text."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_TAGS: Final = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value", "merge")
"""What plain YAML resolves to; anything else was written on purpose."""
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass
class Document:
    """The data of one file, and where in it each value and each key stands."""

    file: str
    text: str
    data: Any = None
    values: dict[Path, Node] = field(default_factory=dict)
    keys: dict[Path, Node] = field(default_factory=dict)
    read: set[int] = field(default_factory=set, repr=False)
    """Nodes already read: an alias brings one a second time."""

    @cached_property
    def lines(self) -> list[str]:
        """The text by lines."""
        return self.text.splitlines()

    def problem(
        self, path: Path, message: str, fix: str, *, key: bool = False, offset: int | None = None, length: int = 0
    ) -> Problem:
        """A problem at this path, or at the nearest place above it that the file has.

        ``offset`` counts characters of a scalar, white space left out, as folded lines change only that.
        """
        node = self.keys.get(path) if key else None
        while node is None:
            node = self.values.get(path)
            path = path[:-1]
        line, column = self._place(node, offset)
        text = self.lines[line] if line < len(self.lines) else ""
        if not length:
            length = _width(node, line) if offset is None else 1
        return Problem(self.file, line + 1, column + 1, message, fix, text, min(length, max(1, len(text) - column)))

    def _place(self, node: Node, offset: int | None) -> tuple[int, int]:
        """Line and column, from 0, of the node, or of the character ``offset`` of a scalar."""
        index = node.start_mark.index
        if offset is None:
            return node.start_mark.line, node.start_mark.column
        if isinstance(node, ScalarNode):
            if node.style in ("|", ">"):
                index = self.text.index("\n", index)
            elif node.style:
                index += 1
            index = min(_skip(self.text, index, offset), node.end_mark.index - 1)
        before = self.text[:index]
        return before.count("\n"), index - (before.rfind("\n") + 1)


def read_document(file: str, text: str) -> Document:
    """The document in a text.

    Raises:
        BadRulebook: it is not YAML, or more than the plain part of it.
    """
    document = Document(file, text)
    if len(text) > MAX_CHARACTERS:
        raise BadRulebook([Problem(file, 0, 0, f"{len(text)} characters", f"keep a file below {MAX_CHARACTERS}")])
    try:
        root = _compose(text)
    except RecursionError:
        fix = f"nest at most {MAX_DEPTH} levels; is a bracket never closed?"
        raise BadRulebook([Problem(file, 0, 0, "nested too deep", fix)]) from None
    except yaml.MarkedYAMLError as error:
        raise BadRulebook([_not_yaml(document, error)]) from None
    except yaml.YAMLError as error:
        raise BadRulebook([Problem(file, 0, 0, f"not YAML: {error}", "save the file as UTF-8 text")]) from None
    if root is None:
        raise BadRulebook(
            [Problem(file, 0, 0, "the file is empty", "write rules:, texts:, words: or defaults: into it")]
        )
    document.values[()] = root
    document.data = _data(document, root, ())
    return document


def significant(text: str, column: int) -> int:
    """How many characters other than white space come before a position."""
    return len("".join(text[:column].split()))


def _compose(text: str) -> Node | None:
    loader = yaml.SafeLoader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _not_yaml(document: Document, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = document.text.splitlines()
    text = lines[line] if line < len(lines) else ""
    said = error.problem or error.context or "it cannot be read"
    fix = "check indentation, colons and quotes here and on the line above"
    return Problem(document.file, line + 1, column + 1, f"not YAML: {said}", fix, text)


def _data(document: Document, node: Node, path: Path) -> Any:
    document.values[path] = node
    if len(path) > MAX_DEPTH:
        raise BadRulebook([document.problem(path, "nested too deep", f"nest at most {MAX_DEPTH} levels")])
    if id(node) in document.read:
        raise BadRulebook([document.problem(path, "an alias (*) is not read", "write the value out")])
    document.read.add(id(node))
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
        raise BadRulebook([document.problem(path, f"the tag {node.tag} is not read", "leave the tag out")])
    if isinstance(node, MappingNode):
        return _mapping(document, node, path)
    if isinstance(node, SequenceNode):
        return [_data(document, item, (*path, index)) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(document: Document, node: MappingNode, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        inner = (*path, str(key.value))
        known = inner in document.keys
        document.keys[inner] = key
        if known:
            fix = "keep one of the two"
            raise BadRulebook([document.problem(inner, f"{key.value!r} stands twice", fix, key=True)])
        found[str(key.value)] = _data(document, value, inner)
    return found


def _scalar(node: Node) -> Any:
    text = str(node.value)
    if isinstance(node, ScalarNode) and node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _skip(text: str, index: int, count: int) -> int:
    """The index of the character that has ``count`` characters other than white space between it and ``index``."""
    while count or (index < len(text) and text[index].isspace()):
        if index >= len(text):
            return max(0, len(text) - 1)
        count -= not text[index].isspace()
        index += 1
    return index


def _width(node: Node, line: int) -> int:
    same_line = node.end_mark.line == line == node.start_mark.line
    return node.end_mark.column - node.start_mark.column if same_line else 1

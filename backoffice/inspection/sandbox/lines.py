"""YAML with line numbers, bounded; runs inside the jail only.

``yaml.compose`` builds a graph that aliases share; it is walked as a tree with a budget before anything is made of it, so that an alias
bomb or a self-reference ends at the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from backoffice.domain.storable import storable
from backoffice.inspection.sandbox.plan import Refused


@dataclass(frozen=True, slots=True)
class Item:
    """A value with the line of its beginning (from 1). A mapping holds ``{key: Item}``, a sequence ``[Item]``."""

    value: Any
    line: int

    def get(self, key: str) -> Item | None:
        """A mapping's entry; None when there is none or this is no mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> list[tuple[str, Item]]:
        """A mapping's entries in order; empty for anything else."""
        return list(self.value.items()) if isinstance(self.value, dict) else []

    def rows(self) -> list[Item]:
        """A sequence's items; a scalar is a sequence of one, nothing is none."""
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None or isinstance(self.value, dict) else [self]

    @property
    def text(self) -> str:
        """A scalar as text; booleans as YAML writes them."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "" if self.value is None else str(self.value)


def load(text: str, *, file: str, budget: int) -> Item:
    """The document. ``Refused`` when it is no YAML, has unknown tags, or is larger than ``budget`` nodes once aliases are followed."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise Refused("config.unreadable", file=file, line=1, detail="YAML: 0")
        _measure(root, file, budget)
        return _item(loader, root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Refused("config.unreadable", file=file, line=line, detail=str(error.problem)[:200]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Refused("config.unreadable", file=file, detail=str(error)[:200]) from error
    except RecursionError as error:
        raise Refused("config.too_large", file=file, detail="⟦вложенность|nesting⟧") from error
    finally:
        loader.dispose()


def _measure(root: yaml.Node, file: str, budget: int) -> None:
    waiting, seen = [root], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > budget:
            raise Refused(
                "config.too_large", file=file, line=root.start_mark.line + 1, detail=f"⟦узлов YAML|YAML nodes⟧ > {budget}"
            )
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _item(loader: yaml.SafeLoader, node: yaml.Node) -> Item:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        if not node.tag.endswith(":map"):
            raise yaml.constructor.ConstructorError(None, None, f"tag {node.tag}", node.start_mark)
        loader.flatten_mapping(node)
        return Item(
            {_fit(str(key.value), key): Item(_item(loader, value).value, key.start_mark.line + 1) for key, value in node.value},
            line,
        )
    if isinstance(node, yaml.SequenceNode):
        return Item([_item(loader, value) for value in node.value], line)
    return Item(_fit(loader.construct_object(node), node), line)


def _fit(value: Any, node: yaml.Node) -> Any:
    """The scalar, unless an escape put a NUL or half a surrogate pair into it: no program can be given these, and no database keeps them."""
    if isinstance(value, str) and storable(value) != value:
        raise yaml.constructor.ConstructorError(None, None, ascii(value)[:80], node.start_mark)
    return value

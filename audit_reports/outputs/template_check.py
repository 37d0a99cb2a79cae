"""Does a template use only what there is? Follows every name and attribute in it through the types of the context's fields.

What is only known when a review is made (a row's columns, the names of tables) is not judged here: a wrong one fails then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, GenericAlias
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from audit_reports.errors import UsageError, quoted
from audit_reports.outputs.context import Document, Page
from audit_reports.outputs.formats import plain
from audit_reports.outputs.rendering import PREFIX, SHIPPED, environment
from audit_reports.outputs.template_fields import UNKNOWN, element, fields_of, named, without_none

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

    from audit_reports.outputs.appearance import Appearance

_SAME = {"list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr", "default", "d"}
_ONE = {"first", "last", "random", "min", "max"}
_BUILT_IN = {
    "loop",
    "range",
    "dict",
    "namespace",
    "joiner",
    "cycler",
    "lipsum",
    "true",
    "false",
    "none",
    "self",
    "caller",
}

Scope = dict[str, Any]


DOCUMENTS: Mapping[str, type] = {"review.html": Page, "mail.html": Document, "mail.txt": Document}
"""The templates that documents are made of, and what each sees."""


def checked(appearance: Appearance) -> Appearance:
    """Return an appearance whose templates are without a mistake, as far as that can be said before a review is made.

    Raises `UsageError` for the first mistake, with its file and line: what is no template, a document that does not extend
    ours, a name or field that there is not, and a file that nothing uses.
    """
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    own = appearance.templates
    read: set[str] = set()
    for name in [name for name in DOCUMENTS if name in own]:
        walk = Walk(environment("UTC", appearance), DOCUMENTS[name])
        try:
            walk.template(name)
        except TemplateSyntaxError as error:
            raise UsageError(
                f"{plain(str(error.filename or error.name))}, line {error.lineno}: {error.message}"
            ) from None
        except TemplateNotFound as error:
            known = [*own, *(PREFIX + one for one in SHIPPED)]
            said = UsageError.unknown("template", str(error.name), known)
            raise UsageError(f"{appearance.folder}/{walk.at}: {said}") from None
        for wrong in [*walk.wrong, *walk.unknown_blocks()]:
            raise UsageError(f"{appearance.folder}/{wrong.template}, line {wrong.line}: {wrong.said}")
        if PREFIX + name not in walk.read:
            raise UsageError(f'{appearance.folder}/{name} must begin with {{% extends "{PREFIX}{name}" %}}')
        read |= walk.read
    for name in own:
        if name not in read:
            near = UsageError.unknown("template", name, DOCUMENTS)
            raise UsageError(f"{appearance.folder}/{name} is used by no template of that folder: {near}")
    return appearance


@dataclass(frozen=True)
class Wrong:
    """A name or an attribute that there is not: in which template, on which line, and what is known instead."""

    template: str
    line: int
    said: UsageError


@dataclass(frozen=True)
class _Macro:
    template: str
    node: nodes.Macro


@dataclass
class Walk:
    """A walk through templates: `used` are the fields met, as class and name, and `wrong` what is not there."""

    environment: Environment
    context: type
    used: set[tuple[type, str]] = field(default_factory=set)
    wrong: list[Wrong] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    at: str = ""
    _blocks: dict[str, tuple[str, nodes.Block]] = field(default_factory=dict)
    _defined: set[str] = field(default_factory=set)
    _overridden: list[tuple[str, nodes.Block]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def template(self, name: str, scope: Scope | None = None) -> Scope:
        """Walk through a template and whatever it extends, includes and imports; return the names that it sets."""
        from jinja2 import nodes

        assert self.environment.loader is not None  # noqa: S101 - for the types: ours always has one
        scope = {} if scope is None else scope
        if name in self._open:
            self.wrong.append(Wrong(self.at, 1, UsageError(f"{quoted(name)} holds itself")))
            return scope
        before, self.at = self.at, name
        self._open.append(name)
        self.read.add(name)
        text, file, _ = self.environment.loader.get_source(self.environment, name)
        tree = self.environment.parse(text, name, file)
        parent = next(tree.find_all(nodes.Extends), None)
        for block in tree.find_all(nodes.Block):
            self._blocks.setdefault(block.name, (name, block))
            self._defined.add(block.name) if parent is None else self._overridden.append((name, block))
        for node in tree.body:
            # What stands outside of the blocks of a template that extends another one is not shown.
            if not parent or not isinstance(node, nodes.Block | nodes.Output):
                self._statement(node, scope)
        if parent and isinstance(parent.template, nodes.Const):
            self.template(parent.template.value, scope)
        self._open.pop()
        self.at = before
        return scope

    def unknown_blocks(self) -> Iterator[Wrong]:
        """Yield the blocks of templates that extend another one which that one has not, so that they would show nothing."""
        for template, block in self._overridden:
            if block.name not in self._defined:
                yield Wrong(template, block.lineno, UsageError.unknown("block", block.name, self._defined))

    # ------------------------------------------------------------------------------------------------ statements

    def _body(self, body: list[nodes.Node], scope: Scope) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: Scope) -> None:
        from jinja2 import nodes

        match node:
            case nodes.For():
                inner = scope | {"loop": UNKNOWN}
                self._bind(node.target, element(self._type(node.iter, scope)), inner)
                if node.test:
                    self._type(node.test, inner)
                self._body(node.body, inner)
                self._body(node.else_, scope)
            case nodes.If():
                self._type(node.test, scope)
                for part in (node.body, *(branch.body for branch in node.elif_), node.else_):
                    self._body(part, scope)
                for branch in node.elif_:
                    self._type(branch.test, scope)
            case nodes.Assign():
                self._bind(node.target, self._type(node.node, scope), scope)
            case nodes.AssignBlock():
                self._body(node.body, scope)
                self._bind(node.target, str, scope)
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    self._bind(target, self._type(value, scope), inner)
                self._body(node.body, inner)
            case nodes.Macro():
                scope[node.name] = _Macro(self.at, node)
            case nodes.Block():
                self._block(node, scope)
            case nodes.Include():
                for name in _templates(node.template):
                    self.template(name, dict(scope))
            case nodes.FromImport():
                for module in _templates(node.template):
                    given = self.template(module, dict(scope))
                    for word in node.names:
                        name, alias = (word, word) if isinstance(word, str) else word
                        scope[alias] = given.get(name, UNKNOWN)
            case nodes.Import():
                scope[node.target] = UNKNOWN
            case nodes.Output() | nodes.ExprStmt():
                for shown in node.iter_child_nodes():
                    self._type(shown, scope)
            case nodes.CallBlock():
                self._type(node.call, scope)
                self._body(node.body, scope)
            case nodes.Scope():
                self._body(node.body, scope)
            case nodes.ScopedEvalContextModifier():
                self.wrong.append(Wrong(self.at, node.lineno, UsageError("what is printed is always escaped here")))
            case nodes.FilterBlock():
                self._body(node.body, scope)
            case _:
                pass

    def _block(self, node: nodes.Block, scope: Scope) -> None:
        """Walk through a block, in the form of the template that was walked through first; `super()` is the one given."""
        template, chosen = self._blocks.get(node.name, (self.at, node))
        before, self.at = self.at, template
        self._body(chosen.body, dict(scope) | {"super": UNKNOWN})
        self.at = before
        if chosen is not node:
            self._body(node.body, dict(scope))

    def _bind(self, target: nodes.Node, type: Any, scope: Scope) -> None:
        from jinja2 import nodes

        if isinstance(target, nodes.Name):
            scope[target.name] = type
        elif isinstance(target, nodes.Tuple):
            inner = type.__args__ if get_origin(type) is tuple and Ellipsis not in type.__args__ else ()
            for place, one in enumerate(target.items):
                self._bind(one, inner[place] if place < len(inner) else UNKNOWN, scope)

    # ------------------------------------------------------------------------------------------------ expressions

    def _type(self, node: nodes.Node, scope: Scope) -> Any:
        """Return the type of an expression, noting what it uses; what cannot be told is anything."""
        from jinja2 import nodes

        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Getattr():
                return self._attribute(self._type(node.node, scope), node.attr, node.lineno)
            case nodes.Getitem():
                owner = self._type(node.node, scope)
                self._type(node.arg, scope)
                return owner if isinstance(node.arg, nodes.Slice) else element(owner)
            case nodes.Filter() if node.node is not None:
                return self._filter(node, self._type(node.node, scope), scope)
            case nodes.Call():
                return self._call(node, scope)
            case nodes.CondExpr():
                self._type(node.test, scope)
                kinds = [self._type(one, scope) for one in (node.expr1, node.expr2) if one is not None]
                return next((one for one in kinds if one is not UNKNOWN), UNKNOWN)
            case nodes.And() | nodes.Or() | nodes.Add():
                left, _ = self._type(node.left, scope), self._type(node.right, scope)
                return left
            case nodes.Tuple() | nodes.List():
                inner = tuple(self._type(one, scope) for one in node.items)
                return GenericAlias(tuple, inner) if inner else UNKNOWN
            case nodes.Const():
                return type(node.value)
            case _:
                for one in node.iter_child_nodes():
                    self._type(one, scope)
                return UNKNOWN

    def _name(self, node: nodes.Name, scope: Scope) -> Any:
        if node.name in scope:
            return scope[node.name]
        if node.name in _BUILT_IN:
            return UNKNOWN
        known = fields_of(self.context)
        if node.name not in known:
            names = [*known, *scope]
            self.wrong.append(Wrong(self.at, node.lineno, UsageError.unknown("name", node.name, names)))
            return UNKNOWN
        return self._attribute(self.context, node.name, node.lineno)

    def _attribute(self, hint: Any, name: str, line: int) -> Any:
        owner = without_none(hint)
        if owner is UNKNOWN or isinstance(owner, _Macro):
            return UNKNOWN
        if get_origin(owner) is not None:
            return UNKNOWN if hasattr(get_origin(owner), name) else element(owner)
        known = fields_of(owner)
        if name in known:
            self.used.add((owner, name))
            return known[name].type
        if found := getattr(owner, name, None):
            return found
        words = list(known) or [one for one in dir(owner) if not one.startswith("_")]
        said = UsageError.unknown(f"field of {owner.__name__}", name, words)
        self.wrong.append(Wrong(self.at, line, said))
        return UNKNOWN

    def _filter(self, node: nodes.Filter, given: Any, scope: Scope) -> Any:
        from jinja2 import nodes

        for one in node.iter_child_nodes(exclude=("node",)):
            self._type(one, scope)
        attributes = [one.value for one in node.kwargs if one.key == "attribute"]
        if node.name in ("selectattr", "rejectattr"):
            attributes += node.args[:1]
        result = UNKNOWN
        for one in attributes:
            if isinstance(one, nodes.Const):
                result = element(given)
                for part in str(one.value).split("."):
                    result = self._attribute(result, part, node.lineno)
        if node.name == "map" and attributes:
            return _many(result)
        if node.name in ("batch", "slice"):
            return _many(_many(element(given)))
        if node.name in _ONE:
            return element(given)
        return given if node.name in _SAME else UNKNOWN

    def _call(self, node: nodes.Call, scope: Scope) -> Any:
        called = self._type(node.node, scope)
        arguments = [self._type(one, scope) for one in node.args]
        by_name = {one.key: self._type(one.value, scope) for one in node.kwargs}
        if isinstance(called, FunctionType) and called.__module__.startswith("audit_reports."):
            return get_type_hints(called, localns=named()).get("return", UNKNOWN)
        if isinstance(called, _Macro):
            self._macro(called, arguments, by_name, scope)
            return str
        return UNKNOWN

    def _macro(self, macro: _Macro, arguments: list[Any], by_name: Mapping[str, Any], scope: Scope) -> None:
        names = [one.name for one in macro.node.args]
        given = dict.fromkeys(names, UNKNOWN) | dict(zip(names, arguments, strict=False)) | dict(by_name)
        key = (macro.template, macro.node.name, *map(str, given.values()))
        if key in self._seen:
            return
        self._seen.add(key)
        before, self.at = self.at, macro.template
        self._body(macro.node.body, scope | given | {"varargs": UNKNOWN, "kwargs": UNKNOWN})
        self.at = before


def _many(hint: Any) -> GenericAlias:
    """Return the type of several of a type."""
    return GenericAlias(tuple, (hint, ...))


def _templates(node: nodes.Expr) -> Iterator[str]:
    """Yield the templates that an include or an import names."""
    from jinja2 import nodes

    if isinstance(node, nodes.Const):
        yield from [node.value] if isinstance(node.value, str) else node.value

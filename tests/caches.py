"""What each app, engine and test works out anew in the same way, kept for the whole test process."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache, partial
from typing import Any

import pytest
from apispec import APISpec
from flask import Flask
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # it publishes no types
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from reportbuilder.catalog import library

STATEMENTS = 10_000


class CompiledTemplates(BytecodeCache):
    """Compiled templates by their names, as long as their sources are the same."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if its template has been compiled."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what has been compiled."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


_templates = CompiledTemplates()


def share_templates(app: Flask) -> None:
    """Let an app of the web take templates that another has compiled."""
    app.jinja_env.bytecode_cache = _templates


def share_library(patch: pytest.MonkeyPatch) -> None:
    """Read and check a shipped file once."""
    read = cache(library.read_file)
    # copied, since templates take over the lists and dicts of their drafts
    patch.setattr(library, "read_file", lambda name, content: deepcopy(read(name, content)))


def share_routes(patch: pytest.MonkeyPatch) -> None:
    """Let a rule for URLs take the builder of an equal one."""
    make: Callable[[Rule, bool], Any] = Rule._compile_builder
    made: dict[object, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        kinds = tuple((name, type(found)) for name, found in rule._converters.items())
        key = (append_unknown, rule.rule, rule.subdomain, rule.host, kinds, repr(rule.defaults))
        if key not in made:
            made[key] = make(rule, append_unknown)
        return made[key]

    patch.setattr(Rule, "_compile_builder", builder)


def put_off_documents(patch: pytest.MonkeyPatch) -> None:
    """Let an app describe its API when the document is asked for, which few tests do."""
    describe, to_dict = Blueprint.register_views_in_doc, APISpec.to_dict

    def put_off(door: Any, api: Any, app: Flask, spec: APISpec, **names: Any) -> None:
        vars(spec).setdefault("waiting", []).append(partial(describe, door, api, app, spec, **names))

    def told(spec: APISpec) -> Any:
        for describe_one in vars(spec).pop("waiting", ()):
            describe_one()
        return to_dict(spec)

    patch.setattr(Blueprint, "register_views_in_doc", put_off)
    patch.setattr(APISpec, "to_dict", told)


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """Let an engine take statements that another of its dialect has compiled."""
    make: Callable[..., Engine] = SQLAlchemy._make_engine
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def engine(*arguments: Any) -> Engine:
        made = make(*arguments)
        made._compiled_cache = compiled
        return made

    patch.setattr(SQLAlchemy, "_make_engine", engine)
    # each engine has a dialect of its own, which is a part of the keys
    patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
    patch.setattr(DefaultDialect, "__eq__", lambda dialect, other: type(dialect) is type(other))

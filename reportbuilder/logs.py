"""Structured logs: one JSON object a line, with the ids that are bound to the work in hand."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.types import Processor

SECRET_WORDS = ("token", "secret", "password", "authorization", "cookie", "vault", "signature")
HIDDEN = "[hidden]"
QUIET = ("urllib3", "botocore", "boto3", "s3transfer", "apscheduler", "alembic", "dramatiq", "apprise")


def get_logger(name: str) -> BoundLogger:
    """Return a logger; its events are short lower-case phrases, all else are keys."""
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Put ids (``request_id``, ``execution_id``, ``instance_id``) on every line written inside."""
    with structlog.contextvars.bound_contextvars(**{key: value for key, value in ids.items() if value}):
        yield


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide what stands under a key that sounds secret: a last net, callers log no secrets anyway."""
    for key in event:
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = HIDDEN
    return event


def configure(level: str = "INFO", style: str = "json") -> None:
    """Send every log line, ours and the libraries', through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _install(ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(style)), level)


def _rendering(style: str) -> list[Processor]:
    if style == "text":
        # plain, since the pretty tracebacks show local variables, and so tokens and passwords
        console = structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
        return [ProcessorFormatter.remove_processors_meta, console]
    return [
        ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(default=str),
    ]


def _install(formatter: logging.Formatter, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # at DEBUG, urllib3 and Apprise write addresses that are secrets
    for noisy in QUIET:
        logging.getLogger(noisy).setLevel(logging.WARNING)

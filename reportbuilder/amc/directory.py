"""What an AMC account holds, as AMC writes it: accounts, instances, advertisers, data sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportbuilder.amc.wire import Unreadable, read_time


@dataclass(frozen=True)
class ListedAccount:
    """An AMC account that a sign-in can see; ``account_id`` is the entity id."""

    account_id: str
    account_name: str
    marketplace_id: str


@dataclass(frozen=True)
class ListedInstance:
    """An instance; usable once ``creation_status`` is COMPLETED.

    ``advertiser_types`` with SPONSORED_ADS alone means that there are no ``dsp_*`` tables.
    """

    instance_id: str
    instance_name: str
    instance_type: str = ""
    creation_status: str = ""
    created_at: datetime | None = None
    regions: tuple[str, ...] = ()
    advertiser_types: tuple[str, ...] = ()
    customer_name: str = ""

    @property
    def is_usable(self) -> bool:
        """Say whether queries can run on it; SUCCEEDED is AMC's former word."""
        return self.creation_status in {"COMPLETED", "SUCCEEDED"}


@dataclass(frozen=True)
class Advertiser:
    """An advertiser whose data an instance holds."""

    id: str
    name: str
    marketplace_id: str
    type: str


@dataclass(frozen=True)
class SourceColumn:
    """A column of a table; ``data_type`` only where AMC tells it."""

    name: str
    column_type: str = ""
    data_type: str = ""
    description: str = ""


@dataclass(frozen=True)
class DataSource:
    """A table that queries on an instance may read."""

    data_source_id: str
    description: str = ""
    owner: str = ""
    provider: str = ""
    columns: tuple[SourceColumn, ...] = ()
    tags: tuple[str, ...] = ()


def read_items(answer: object, name: str) -> tuple[list[Mapping[str, Any]], str | None]:
    """Return a page's items and the token of the next page, None on the last.

    :raises Unreadable: if the answer holds no list of objects under that name.
    """
    items = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(items, list):
        raise Unreadable(f"a list without {name}")
    if not all(isinstance(item, Mapping) for item in items):
        raise Unreadable(f"{name} that are no objects")
    following = answer.get("nextToken")
    return items, following if isinstance(following, str) and following else None


def read_account(item: Mapping[str, Any]) -> ListedAccount:
    """Read one of ``amcAccounts``."""
    return ListedAccount(
        account_id=_required(item, "accountId"),
        account_name=_word(item, "accountName"),
        marketplace_id=_word(item, "marketplaceId"),
    )


def read_instance(item: Mapping[str, Any]) -> ListedInstance:
    """Read one of ``instances``, or the answer for a single one (flat or under ``instance``)."""
    inner = item.get("instance")
    item = inner if isinstance(inner, Mapping) else item
    return ListedInstance(
        instance_id=_required(item, "instanceId"),
        instance_name=_word(item, "instanceName"),
        instance_type=_word(item, "instanceType"),
        creation_status=_word(item, "creationStatus"),
        created_at=read_time(item.get("creationDatetime")),
        regions=_words(item, "entities"),
        advertiser_types=_words(item, "advertiserTypes"),
        customer_name=_word(item, "customerCanonicalName"),
    )


def read_advertiser(item: Mapping[str, Any]) -> Advertiser:
    """Read one of ``advertisers``; its id may come as a number."""
    return Advertiser(
        id=_required(item, "id"),
        name=_word(item, "name"),
        marketplace_id=_word(item, "marketplaceId"),
        type=_word(item, "type"),
    )


def read_data_source(item: Mapping[str, Any]) -> DataSource:
    """Read one of ``dataSources``."""
    return DataSource(
        data_source_id=_required(item, "dataSourceId"),
        description=_word(item, "description"),
        owner=_word(item, "owner"),
        provider=_word(item, "provider"),
        columns=tuple(_column(column) for column in _objects(item, "columns")),
        tags=tuple(_word(tag, "type") or _word(tag, "title") for tag in _objects(item, "tags")),
    )


def _column(item: Mapping[str, Any]) -> SourceColumn:
    return SourceColumn(
        name=_required(item, "name"),
        column_type=_word(item, "columnType"),
        data_type=_word(item, "dataType"),
        description=_word(item, "description"),
    )


def _required(item: Mapping[str, Any], name: str) -> str:
    value = _word(item, name)
    if not value:
        raise Unreadable(f"an item without {name}")
    return value


def _word(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return "" if value is None or isinstance(value, (list, dict)) else str(value)


def _words(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = item.get(name)
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _objects(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = item.get(name)
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []

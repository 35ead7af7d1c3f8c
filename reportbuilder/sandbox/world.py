"""Who exists in a sandbox: one account, its instances, what each holds, and their advertisers."""

from dataclasses import dataclass

from reportbuilder.sandbox.tables import Table, documented

ACCOUNT_ID = "ENTITYNORTHWIND1"
ACCOUNT_NAME = "Northwind Brands"
MARKETPLACE_ID = "ATVPDKIKX0DER"
BRANDS = ("Northwind Outdoors", "Juniper Kitchen", "Halden Audio", "Petal & Paw")

SPONSORED = "SPONSORED_ADS"
DISPLAY = "DISPLAY"
DATASETS = frozenset(table.dataset for table in documented().values()) - {""}
_CREATED = "2024-05-06T07:08:09.123Z"
# tables that come from one kind of advertising alone, by how their names begin
_ORIGINS = {"dsp_": DISPLAY, "adserver_": DISPLAY, "sponsored_": SPONSORED}


@dataclass(frozen=True)
class Instance:
    """One AMC instance.

    ``data`` numbers the data set that it reads, so that several may share one; ``datasets`` are the paid and
    optional data sets that it has; a synthetic instance holds invented data only, and every run there must
    say so.
    """

    instance_id: str
    name: str
    data: int = 0
    advertiser_types: tuple[str, ...] = (SPONSORED, DISPLAY)
    datasets: frozenset[str] = DATASETS
    is_synthetic: bool = False


_NAMED = (
    Instance("amcnorthwind01", f"{ACCOUNT_NAME} 01"),
    Instance("amcnorthwind02", f"{ACCOUNT_NAME} 02", 1, datasets=frozenset()),
    Instance("amcnorthwind03", f"{ACCOUNT_NAME} 03", 2, (SPONSORED,), frozenset()),
    Instance("amcnorthwind04", f"{ACCOUNT_NAME} 04", 3, (DISPLAY,), frozenset()),
    Instance("amcnorthwind05", f"{ACCOUNT_NAME} sandbox", 4, is_synthetic=True),
)
INSTANCES = tuple(instance.instance_id for instance in _NAMED)


def instances(extra: int) -> dict[str, Instance]:
    """Return the instances by id: those of the account, and ``extra`` ones that share the first's data."""
    load = [Instance(f"amcload{number:03}", f"Load {number:03}") for number in range(1, extra + 1)]
    return {instance.instance_id: instance for instance in (*_NAMED, *load)}


def advertiser_types(data: int) -> tuple[str, ...]:
    """Return the kinds of advertising that are in the data set with this number."""
    return next(instance.advertiser_types for instance in _NAMED if instance.data == data)


def tables_of(instance: Instance) -> dict[str, Table]:
    """Return the documented tables that this instance has, by name."""
    return {name: table for name, table in documented().items() if _has(instance, table)}


def _has(instance: Instance, table: Table) -> bool:
    if table.dataset and table.dataset not in instance.datasets:
        return False
    origins = [origin for start, origin in _ORIGINS.items() if table.name.startswith(start)]
    return set(origins) <= set(instance.advertiser_types)


def account_body() -> dict[str, str]:
    """Return the account as GET /amc/accounts shows it."""
    return {"accountId": ACCOUNT_ID, "accountName": ACCOUNT_NAME, "marketplaceId": MARKETPLACE_ID}


def instance_body(instance: Instance) -> dict[str, object]:
    """Return an instance as GET /amc/instances shows it."""
    return {
        "instanceId": instance.instance_id,
        "instanceName": instance.name,
        "instanceType": "SANDBOX" if instance.is_synthetic else "STANDARD",
        "customerCanonicalName": ACCOUNT_NAME,
        "creationStatus": "COMPLETED",
        "creationDatetime": _CREATED,
        "s3BucketName": "",
        "s3BucketRegion": "",
        "awsAccountId": "",
        "dataUploadAwsAccountId": "",
        "entities": ["NA"],
        "apiEndpoint": "",
        "optionalDatasets": [
            {"label": name, "activationTime": _CREATED} for name in sorted(instance.datasets)
        ],
        "advertiserTypes": list(instance.advertiser_types),
    }


def advertiser_bodies(types: tuple[str, ...] = (SPONSORED, DISPLAY)) -> list[dict[str, object]]:
    """Return an instance's advertisers: each brand once for Amazon DSP, and the sponsored-ads entity."""
    display: list[dict[str, object]] = [
        {
            "id": str(advertiser_id(brand)),
            "name": name,
            "marketplaceId": MARKETPLACE_ID,
            "type": DISPLAY,
            "configuredAdvertiserTypes": [DISPLAY],
        }
        for brand, name in enumerate(BRANDS)
    ]
    sponsored: dict[str, object] = {
        "id": ACCOUNT_ID,
        "name": ACCOUNT_NAME,
        "marketplaceId": MARKETPLACE_ID,
        "type": SPONSORED,
        "configuredAdvertiserTypes": [SPONSORED],
    }
    return (display if DISPLAY in types else []) + ([sponsored] if SPONSORED in types else [])


def advertiser_id(brand: int) -> int:
    """Return the Amazon DSP advertiser id of the brand with this place in ``BRANDS``."""
    return 580_100_200_300_100 + brand * 11

"""Who exists in a sandbox: one account, its instances and their advertisers."""

from dataclasses import dataclass

from reportbuilder.sandbox.tables import Table, documented

ACCOUNT_ID = "ENTITYNORTHWIND1"
ACCOUNT_NAME = "Northwind Brands"
MARKETPLACE_ID = "ATVPDKIKX0DER"
INSTANCES = ("amcnorthwind01", "amcnorthwind02")
BRANDS = ("Northwind Outdoors", "Juniper Kitchen", "Halden Audio", "Petal & Paw")


@dataclass(frozen=True)
class Instance:
    """One AMC instance; ``data`` numbers the data set that it reads, so that several may share one."""

    instance_id: str
    name: str
    data: int = 0


def instances(extra: int) -> dict[str, Instance]:
    """Return the instances by id: the two of the account, and ``extra`` ones that share the first's data."""
    named = [
        Instance(instance_id, f"{ACCOUNT_NAME} {number:02}", number - 1)
        for number, instance_id in enumerate(INSTANCES, 1)
    ]
    load = [Instance(f"amcload{number:03}", f"Load {number:03}") for number in range(1, extra + 1)]
    return {instance.instance_id: instance for instance in named + load}


def tables_of(_: Instance) -> dict[str, Table]:
    """Return the documented tables that this instance has, by name."""
    return documented()


def account_body() -> dict[str, str]:
    """Return the account as GET /amc/accounts shows it."""
    return {"accountId": ACCOUNT_ID, "accountName": ACCOUNT_NAME, "marketplaceId": MARKETPLACE_ID}


def instance_body(instance: Instance) -> dict[str, object]:
    """Return an instance as GET /amc/instances shows it."""
    return {
        "instanceId": instance.instance_id,
        "instanceName": instance.name,
        "instanceType": "STANDARD",
        "customerCanonicalName": ACCOUNT_NAME,
        "creationStatus": "COMPLETED",
        "creationDatetime": "2024-05-06T07:08:09.123Z",
        "s3BucketName": "",
        "s3BucketRegion": "",
        "awsAccountId": "",
        "dataUploadAwsAccountId": "",
        "entities": ["NA"],
        "apiEndpoint": "",
        "optionalDatasets": [],
        "advertiserTypes": ["SPONSORED_ADS", "DISPLAY"],
    }


def advertiser_bodies() -> list[dict[str, object]]:
    """Return an instance's advertisers: each brand once for Amazon DSP, and the sponsored-ads entity."""
    display: list[dict[str, object]] = [
        {
            "id": str(advertiser_id(brand)),
            "name": name,
            "marketplaceId": MARKETPLACE_ID,
            "type": "DISPLAY",
            "configuredAdvertiserTypes": ["DISPLAY"],
        }
        for brand, name in enumerate(BRANDS)
    ]
    sponsored: dict[str, object] = {
        "id": ACCOUNT_ID,
        "name": ACCOUNT_NAME,
        "marketplaceId": MARKETPLACE_ID,
        "type": "SPONSORED_ADS",
        "configuredAdvertiserTypes": ["SPONSORED_ADS"],
    }
    return [*display, sponsored]


def advertiser_id(brand: int) -> int:
    """Return the Amazon DSP advertiser id of the brand with this place in ``BRANDS``."""
    return 580_100_200_300_100 + brand * 11

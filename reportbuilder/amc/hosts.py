"""Where AMC and its sign-in are, by region."""

from dataclasses import dataclass

from reportbuilder.errors import Invalid
from reportbuilder.settings import Settings


@dataclass(frozen=True)
class Hosts:
    """``api``: the API's address without a path; ``token``: the full address that gives access tokens."""

    api: str
    token: str


REGIONS = {
    "NA": Hosts("https://advertising-api.amazon.com", "https://api.amazon.com/auth/o2/token"),
    "EU": Hosts("https://advertising-api-eu.amazon.com", "https://api.amazon.co.uk/auth/o2/token"),
    "FE": Hosts("https://advertising-api-fe.amazon.com", "https://api.amazon.co.jp/auth/o2/token"),
}


def hosts_for(region: str, settings: Settings) -> Hosts:
    """Return the region's hosts, or those that the settings put in their place (for the sandbox).

    :raises Invalid: if there is no such region.
    """
    known = REGIONS.get(region.upper())
    if known is None:
        raise Invalid.field("region", f"{region!r} is none of {', '.join(REGIONS)}")
    api = settings.amc_api_url or known.api
    return Hosts(api=api.rstrip("/"), token=settings.amc_token_url or known.token)

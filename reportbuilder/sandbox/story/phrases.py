"""SQL that several of AMC's tables share; ``t`` is the fact, ``c`` its campaign, ``p`` its person."""


def one_of(salt: str, *words: str) -> str:
    """Return a choice among words that is fixed for an event."""
    return f"one_of(t.h, '{salt}', {list(words)})"


def times(prefix: str, utc: str, local: str) -> dict[str, str]:
    """Return the family of time columns with this prefix, in the advertiser's zone and in UTC."""
    family: dict[str, str] = {}
    for suffix, at in (("", local), ("_utc", utc)):
        family[f"{prefix}_dt{suffix}"] = at
        family[f"{prefix}_date{suffix}"] = f"CAST({at} AS DATE)"
        family[f"{prefix}_day{suffix}"] = f"day({at})"
        family[f"{prefix}_hour{suffix}"] = f"hour({at})"
        family[f"{prefix}_dt_hour{suffix}"] = f"date_trunc('hour', {at})"
    return family


def spans(prefix: str, *words: str) -> dict[str, str]:
    """Return when something starts and ends, e.g. ``campaign_start_date_utc`` for word ``date``."""
    return {
        f"{prefix}_{end}_{word}{suffix}": f"c.{column}{shift}"
        for end, column in (("start", "starts_at"), ("end", "ends_at"))
        for word in words
        for suffix, shift in (("", ""), ("_utc", " + INTERVAL 5 HOUR"))
    }


NO_TRACKERS = "chance(t.h, 'trackers') < 0.05"

ADVERTISER = {
    "advertiser": "c.advertiser",
    "advertiser_timezone": "'America/New_York'",
    "entity_id": "'ENTITYNORTHWIND1'",
    "currency_iso_code": "'USD'",
    "currency_name": "'US Dollar'",
    "no_3p_trackers": NO_TRACKERS,
}

CAMPAIGN = {
    "campaign": "c.name",
    "campaign_id": "c.campaign_id",
    "campaign_id_string": "CAST(c.campaign_id AS VARCHAR)",
    "creative_id": "c.campaign_id * 100 + pick(t.h, 'creative', 3)",
    "creative_category": "c.creative_category",
    "creative_duration": "if(c.creative_category = 'Video', [15, 30, 6][1 + pick(t.h, 'creative', 3)], NULL)",
}

PERSON = {
    "user_id": "p.user_id",
    "user_id_type": "p.user_id_type",
}

# the numbers that AMC's own columns have for marketplaces
MARKETPLACE = {"marketplace_id": "1", "marketplace_name": "'AMAZON.COM'"}

PLACE = {
    "city_name": "l.city",
    "dma_code": "l.dma",
    "iso_country_code": "if(l.city IS NULL, NULL, 'US')",
    "iso_state_province_code": "l.state",
    "postal_code": "l.postal_prefix || lpad(CAST(p.user_no % 40 AS VARCHAR), 2, '0')",
}

# which of a campaign's two line items it was
LINE = "pick(t.h, 'line', 2)"


def held(at: str) -> str:
    """Return the ids of the audience segments that the person was in at this time."""
    joined = f"list_filter(p.segments, lambda s: s.joined <= CAST({at} AS DATE))"
    return f"list_transform({joined}, lambda s: s.id)"


def matched(at: str) -> str:
    """Return the ids of those of them that the line item targets."""
    return f"list_sort(list_intersect({held(at)}, c.targets[1 + {LINE}]))"


# a person has one or two devices; which one an event was on is the event's chance
_MODEL = "pick(p.h, 'device' || if(chance(t.h, 'second device') < 0.25, '2', ''), 8)"
DEVICE = {
    "device_type": f"""coalesce(CASE WHEN c.kind IN (2, 8)
        THEN if(chance(t.h, 'tv') < 0.7, 'TV', 'ConnectedDevice') ELSE
        ['Phone', 'Phone', 'Phone', 'Phone', 'PC', 'PC', 'Tablet', 'PC'][1 + {_MODEL}] END, 'Unknown')""",
    "device_make": f"""CASE WHEN c.kind IN (2, 8) THEN 'Amazon'
        ELSE ['Apple', 'Samsung', 'Apple', 'Google', 'Dell', 'Apple', 'Amazon', 'HP'][1 + {_MODEL}] END""",
    "device_model": f"""CASE WHEN c.kind IN (2, 8) THEN 'Fire TV'
        ELSE
        ['iPhone', 'Galaxy', 'iPhone', 'Pixel', 'Desktop', 'Mac', 'Fire', 'Desktop'][1 + {_MODEL}] END""",
    "operating_system": f"""CASE WHEN c.kind IN (2, 8) THEN 'Fire OS' ELSE
        ['iOS', 'Android', 'iOS', 'Android', 'Windows', 'macOS', 'Fire OS', 'Windows'][1 + {_MODEL}] END""",
    "os_version": f"""CASE WHEN c.kind IN (2, 8) THEN '8' ELSE
        ['18.1', '15', '17.6', '15', '11', '15.1', '8', '10'][1 + {_MODEL}] END""",
    "browser_family": f"""CASE WHEN c.kind IN (2, 8) THEN 'Silk' ELSE
        ['Safari', 'Chrome', 'Safari', 'Chrome', 'Edge', 'Safari', 'Silk', 'Chrome'][1 + {_MODEL}] END""",
    "environment_type": "if(c.kind IN (2, 8) OR chance(t.h, 'app') < 0.45, 'App', 'Web')",
}

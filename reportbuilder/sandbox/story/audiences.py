"""The columns of audience segments and of the people in them."""

from reportbuilder.sandbox.story.phrases import PERSON

LANES = ("inmarket", "lifestyle")
_REGIONS = ("amer", "eu", "apac")

MEMBERSHIP = {
    **PERSON,
    "no_3p_trackers": "chance(p.h, 'trackers') < 0.05",
    "segment_id": "g.segment_id",
    "segment_marketplace_id": "u.marketplace",
    "segment_name": "g.name",
    "snapshot_datetime": "d.day",
}

METADATA = {
    "category_level_1": "g.level_1",
    "category_level_2": "g.level_2",
    "category_path": "g.level_1 || '/' || g.level_2 || '/' || g.name",
    "no_3p_trackers": "g.segment_id % 7 = 0",
    "segment_description": "g.description",
    "segment_id": "g.segment_id",
    "segment_marketplace_id": "m.marketplace",
    "segment_name": "g.name",
}

_EVERYWHERE = "(SELECT unnest([1, 3, 4, 6, 111172]) AS marketplace)"
METADATA_SOURCE = f"segment AS g CROSS JOIN {_EVERYWHERE} AS m"


def membership_sources() -> dict[str, str]:
    """Return what each table of membership is made from: people as they are now, or month by month."""
    return {
        f"audience_segments_{region}_{lane}{suffix}": f"""membership AS u
            JOIN segment AS g ON g.segment_id = u.segment_id AND g.lane = '{lane}' AND u.region = '{region}'
            JOIN {days} AS d ON u.joined <= d.day JOIN person AS p ON p.user_no = u.user_no"""
        for region in _REGIONS
        for lane in LANES
        for suffix, days in (("", "(SELECT end_day - 1 AS day FROM span)"), ("_snapshot", "snapshot"))
    }

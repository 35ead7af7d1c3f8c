"""The page that documents the API can be read in both colour schemes."""

import re
from typing import Any

from flask import Flask


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_colours_can_be_read_in_both_schemes(web: Flask) -> None:
    sheet, grounds = web.test_client().get("/api/static/docs.css", buffered=True).text, ("ground", "raised")
    schemes: list[dict[str, Any]] = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        inks = {name for name in scheme if name not in {*grounds, "line", "on-accent"}}
        assert inks
        for ink in inks:
            for ground in grounds:
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
        if "on-accent" in scheme:
            assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5

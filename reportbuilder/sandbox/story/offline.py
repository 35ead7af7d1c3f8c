"""The columns of what is known of people outside the store: groceries, vehicles saved and bought."""

from reportbuilder.sandbox.story.phrases import NO_TRACKERS, PERSON

_SHELF = "pick(t.h, 'shelf', 6)"
_UNITS = "(1 + pick(t.h, 'units', 3))"


def _shelf(*words: str) -> str:
    return f"{list(words)}[1 + {_SHELF}]"


_PRICE = _shelf("7.49", "5.99", "3.79", "6.99", "11.49", "4.29")

GROCERIES = {
    **PERSON,
    "brand": _shelf("PETAL & PAW", "PETAL & PAW", "JUNIPER KITCHEN", "WHISKER HILL", "BARKLEY", "COPPER POT"),
    "category": _shelf("CAT FOOD", "DOG TREATS", "SPICES", "CAT FOOD", "DOG FOOD", "SAUCES"),
    "department": _shelf("PET CARE", "PET CARE", "DRY GROCERY", "PET CARE", "PET CARE", "DRY GROCERY"),
    "household_purchase_id": "hex(t.h)",
    "ncs_household_id": "hex(hash(t.household, 'household'))",
    "product_category": _shelf("PET FOOD", "PET TREATS", "SEASONING", "PET FOOD", "PET FOOD", "CONDIMENTS"),
    "purchase_dollar_amount": f"{_UNITS} * CAST({_PRICE} AS DECIMAL(38, 2))",
    "purchase_quantity": _UNITS,
    "sub_brand": _shelf("SALMON", "DENTAL", "ORGANIC", "INDOOR", "PUPPY", "CLASSIC"),
    "super_category": _shelf("PET", "PET", "COOKING", "PET", "PET", "COOKING"),
    "week_end_dt": "t.week_end",
}

_MAKE = "pick({}.h, 'make', 5)"


def _vehicle(row: str, *words: str) -> str:
    return f"{list(words)}[1 + {_MAKE.format(row)}]"


_MAKES = ("Ford", "Toyota", "Honda", "Chevrolet", "Tesla")
_MODELS = ("F-150", "RAV4", "Civic", "Silverado", "Model 3")

GARAGE = {
    **PERSON,
    "marketplace_name": "'AMAZON.COM'",
    "creation_date": "t.saved",
    "last_accessed_date": "t.end_day - 1 - pick(t.h, 'accessed', (t.end_day - t.first_day)::INTEGER)",
    "update_date": "t.saved + pick(t.h, 'updated', (t.first_day - t.saved + 1)::INTEGER)",
    "garage_year": "CAST(2008 + pick(t.h, 'year', 16) AS VARCHAR)",
    "vehicle_type": _vehicle("t", "TRUCK", "CAR", "CAR", "TRUCK", "CAR"),
    "garage_make": _vehicle("t", *_MAKES),
    "garage_model": _vehicle("t", *_MODELS),
    "garage_submodel": _vehicle("t", "XLT", "LE", "EX", "LT", "Long Range"),
    "garage_bodystyle": _vehicle(
        "t", "Crew Cab Pickup", "Sport Utility", "Sedan", "Crew Cab Pickup", "Sedan"
    ),
    "garage_engine": _vehicle("t", "2.7L V6", "2.5L L4", "2.0L L4", "5.3L V8", "Electric"),
    "garage_transmission": _vehicle(
        "t", "10 Speed Automatic", "8 Speed Automatic", "CVT", "8 Speed Automatic", "1 Speed"
    ),
    "garage_drivetype": _vehicle("t", "4WD", "AWD", "FWD", "4WD", "RWD"),
    "garage_brakes": _vehicle("t", "4-Wheel ABS", "4-Wheel ABS", "Disc/Drum", "4-Wheel ABS", "4-Wheel Disc"),
    "no_3p_trackers": NO_TRACKERS,
}

VEHICLES = {
    **PERSON,
    "new_or_used": "if(chance(t.h, 'is used') < 0.6, 'U', 'N')",
    "no_3p_trackers": NO_TRACKERS,
    "purchase_date": "t.bought",
    "reported_dealership": "l.city || ' ' || " + _vehicle("t", *_MAKES),
    "vehicle_class": _vehicle("t", "Mainstream", "Mainstream", "Mainstream", "Mainstream", "Luxury"),
    "vehicle_fuel_type": _vehicle("t", "Gas", "Hybrid", "Gas", "Gas", "Electric"),
    "vehicle_make": _vehicle("t", *_MAKES),
    "vehicle_model": _vehicle("t", *_MODELS),
    "vehicle_model_year": "year(t.bought) - if(chance(t.h, 'is used') < 0.6, 1 + pick(t.h, 'age', 8), 0)",
    "vehicle_registered_state": "substr(l.state, 4)",
    "vehicle_type": _vehicle("t", "Pickup", "SUV", "Sedan", "Pickup", "Sedan"),
}

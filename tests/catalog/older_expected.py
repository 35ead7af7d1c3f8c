"""What becomes of each template in ``older/``: by file, for each template its outcome and what is said."""

IN, WARNED, OUT = "imported", "imported with warnings", "refused"

# each: the outcome, then pieces of what is said, in any order
EXPECTED: dict[str, list[tuple[str, ...]]] = {
    "01_map_of_definitions": [(IN,)],
    "02_spellings_of_default": [(IN,)],
    "03_unknown_keys": [(WARNED, "tooltip: nobody reads this", "enum_select has no rule remote")],
    "04_list_of_definitions": [(IN,)],
    "05_list_by_titles": [(IN,)],
    "06_plain_defaults": [(IN,)],
    "07_plain_defaults_as_text": [(IN,)],
    "08_json_schema": [(WARNED, '"CURRENT_DATE - 90" was read as "today-90"')],
    "09_json_schema_optional": [(WARNED, "sources: left empty, its condition is switched off")],
    "10_parameter_rows": [(WARNED, "campaigns: left empty, its condition is switched off")],
    "11_export_of_tables": [
        (WARNED, "start_date was left out: the window is chosen for each run"),
        (IN,),
    ],
    "12_json_in_text": [(IN,)],
    "13_nothing_declared": [
        (
            WARNED,
            "campaign_names: it is declared nowhere; by its name and place campaign_list is taken",
            "device: it is declared nowhere; by its name and place string is taken",
            "impression_count: it is declared nowhere; by its name and place number is taken",
        )
    ],
    "14_window_names": [
        (
            WARNED,
            "startDate was renamed to start_date",
            "endDate was renamed to end_date",
            '"2025-01-01" was dropped: the window of each run fills start_date',
            "line 5, column 1: ORDER BY was dropped",
        )
    ],
    "15_window_as_sql_text": [(WARNED, '"CURRENT_DATE - 30" was dropped: the window of each run')],
    "16_two_windows": [(OUT, "from_date and start_date both mean the start of the window", "rename one")],
    "17_fixed_range": [(WARNED, "would be the same in every run; last_28_days is taken")],
    "18_colons_and_dollars": [(WARNED, ":brand, $not_this was rewritten to {{…}}")],
    "19_colon_undeclared": [
        (OUT, "line 3, column 18: :brand_name is declared nowhere; declare it, or write")
    ],
    "20_control_syntax": [(OUT, "line 3, column 1: {{#: control syntax is not run")],
    "21_control_percent": [(OUT, "line 4, column 1: {%: control syntax is not run")],
    "22_rows_as_default": [(WARNED, 'was read as ["B0NWAUDIO1", "B0NWDESK01"]')],
    "23_quoted_list_default": [(WARNED, "\"'PC', 'Phone'\" was read as", '"1, 2, 3" was read as [1, 2, 3]')],
    "24_quotes_around_list": [(WARNED, "lost the quotes around a list", '"\'TV\'" was read as "TV"')],
    "25_null_words": [(WARNED, '"NULL" was read as no value')],
    "26_commented_condition_default": [(WARNED, "was written into the SQL, for its value")],
    "27_commented_condition_in_sql": [
        (
            WARNED,
            "the commented-out condition on {{asins}} became an optional one",
            '["B0NWAUDIO1"] was dropped: its condition was off',
        )
    ],
    "28_condition_default": [(WARNED, "the condition \"AND device_type = 'PC'\" was written into the SQL")],
    "29_raw_select_default": [(OUT, "is a piece of SQL and no value; there is no raw type")],
    "30_raw_fragment": [(OUT, "line 3, column 7: {{where_clause}}: a piece of SQL would have to stand here")],
    "31_month_arithmetic": [(OUT, "is no fixed number of days ago; give a day, today-30")],
    "32_two_column_rows": [(OUT, "has rows of several columns; a list has one")],
    "33_limit": [(OUT, "line 4, column 1: AMC refuses ORDER BY", "line 5, column 1: AMC refuses LIMIT")],
    "34_star_and_pipes": [(OUT, "line 1, column 8: AMC refuses *", "line 2, column 19: AMC refuses ||")],
    "35_right_join": [(OUT, "line 2, column 22: AMC refuses RIGHT JOIN")],
    "36_order_in_parts": [
        (
            WARNED,
            "line 5, column 3: ORDER BY was dropped",
            "line 8, column 1: ORDER BY was dropped",
            "sort_column: the SQL does not use it; it was dropped",
        )
    ],
    "37_getdate": [(WARNED, "GETDATE() was rewritten to CURRENT_TIMESTAMP")],
    "38_widgets": [(WARNED, "24 became 12, the width of a page", '"hologram" is no widget, it was dropped')],
    "39_part_of_a_name": [(WARNED, "days: it stands where only a whole number can; number is taken")],
    "40_free_table_name": [(OUT, "{{source_table}}: a name needs a closed list of identifiers")],
    "41_declared_table_name": [(IN,)],
    "42_unused_and_undeclared": [
        (
            WARNED,
            '"blob" is not known; string is taken',
            "brand: the SQL does not use it; it was dropped",
            '"Phone" is not its default "PC"; the latter is taken',
        )
    ],
    "43_contradictions": [(OUT, "default 1 and defaultValue 2 contradict each other", "5 is above max (3)")],
    "44_bad_default": [(OUT, '"many" is not a whole number; give digits such as 12')],
    "45_a_list_of_templates": [
        (IN,),
        (OUT, '"not a template" is no template'),
        (OUT, "sql_template: it is missing"),
        (OUT, "'Good one' in this import is the same template"),
        (WARNED, "category: it is missing; Imported is taken"),
    ],
    "46_honest_values": [(IN,)],
}

"""Every rule of the lint, as a table: its code, its weight, what it finds, and what it says."""

from typing import Final

from reportbuilder.catalog.lint.findings import ERROR, INFO, WARNING, Rule

RULES: Final = (
    # the text
    Rule("unreadable", ERROR, "text that cannot be cut into words safely", "{reason}"),
    Rule(
        "too-large",
        ERROR,
        "more than 30,000 words and signs",
        "it has more than {most} words and signs; shorten it",
    ),
    Rule("query-only", ERROR, "anything but a query", "AMC runs queries only; begin with SELECT or WITH"),
    Rule(
        "one-query",
        ERROR,
        "a second statement",
        "AMC runs one query at a time; remove what follows the semicolon",
    ),
    Rule(
        "brackets",
        ERROR,
        "a bracket without its counterpart",
        "this bracket has no counterpart; add or remove one",
    ),
    Rule("syntax", ERROR, "what is no SQL", "this is no SQL here: {reason}; correct the words around it"),
    Rule(
        "unchecked",
        WARNING,
        "a query too large to look into",
        "tables, columns, privacy and money are not checked, since {reason}; make the query smaller",
    ),
    # statements
    Rule(
        "order-by",
        ERROR,
        "`ORDER BY` outside of `OVER (…)`",
        "AMC refuses ORDER BY outside of OVER (…); drop it, and sort the rows where they are shown",
    ),
    Rule(
        "limit",
        ERROR,
        "`LIMIT`, `OFFSET`, `FETCH`, `SELECT TOP`",
        "AMC refuses LIMIT, OFFSET, FETCH and TOP; rank with ROW_NUMBER() OVER (…) and filter on the rank",
    ),
    Rule(
        "select-star",
        ERROR,
        "`*` in the final `SELECT`",
        "AMC refuses * in the final SELECT; name the columns",
    ),
    Rule("right-join", ERROR, "`RIGHT JOIN`", "AMC refuses RIGHT JOIN; swap the tables and write LEFT JOIN"),
    Rule(
        "join-type",
        ERROR,
        "`NATURAL`, `SEMI`, `ANTI` and `ASOF` joins",
        "AMC has no {kind} JOIN; write JOIN, LEFT JOIN, FULL OUTER JOIN or CROSS JOIN with its condition",
    ),
    Rule(
        "clause",
        ERROR,
        "`PIVOT`, `INTO`, `FOR UPDATE`, `WITH RECURSIVE`",
        "AMC has no {word}; write the query without it",
    ),
    Rule(
        "set-operation",
        WARNING,
        "`INTERSECT` and `EXCEPT`",
        "AMC's documents have UNION only, not {word}; write a join or NOT IN (SELECT …)",
    ),
    Rule("double-pipe", ERROR, "two bars that join texts", "AMC refuses ||; write CONCAT(a, b)"),
    Rule("double-colon", WARNING, "`::`", "AMC's documents have no ::; write CAST(x AS type)"),
    Rule(
        "qualify",
        WARNING,
        "`QUALIFY`",
        "AMC's documents have no QUALIFY; rank in a sub-query and filter outside",
    ),
    Rule(
        "interval",
        WARNING,
        "`INTERVAL`",
        "AMC's documents have no INTERVAL arithmetic; compare SECONDS_BETWEEN(a, b) instead",
    ),
    Rule(
        "no-aggregation",
        ERROR,
        "a query without any aggregation over event tables",
        "AMC gives no rows of single events; aggregate with GROUP BY, or COUNT, SUM and so on",
    ),
    Rule(
        "not-grouped",
        ERROR,
        "an output column that is neither grouped nor aggregated",
        "{column} is neither grouped nor aggregated; add it to GROUP BY, or take MAX({column})",
    ),
    Rule(
        "aggregate-place",
        ERROR,
        "an aggregate in `WHERE`, `ON`, `GROUP BY` or another aggregate",
        "an aggregate cannot stand in {where}; aggregate in a sub-query, or filter in HAVING",
    ),
    Rule(
        "having-rank",
        ERROR,
        "the alias of a window function in `HAVING`",
        "AMC refuses {name} in HAVING, since it is made by OVER (…); filter on it in an outer query",
    ),
    Rule(
        "values-width",
        ERROR,
        "rows of `VALUES` that differ from each other or from the names",
        "this row has {found} values where {wanted} belong; write one row for each: VALUES (a), (b)",
    ),
    Rule(
        "union-width",
        ERROR,
        "parts of a `UNION` with different numbers of columns",
        "this part of the {word} has {found} columns, the first has {wanted}; give both the same",
    ),
    Rule(
        "duplicate-output",
        ERROR,
        "two output columns of one name",
        "two output columns are called {name}; rename one with AS",
    ),
    Rule(
        "unnamed-output",
        WARNING,
        "an output column without a name",
        "this output column has no name, so AMC makes one up; add AS name",
    ),
    # functions
    Rule(
        "getdate",
        ERROR,
        "`GETDATE()`",
        "AMC has no GETDATE(); write CURRENT_TIMESTAMP, or CAST('today' AS DATE)",
    ),
    Rule(
        "date-add",
        ERROR,
        "`DATE_ADD` and its like",
        "AMC has no {name} with these arguments; {way_out}",
    ),
    Rule(
        "unknown-function",
        ERROR,
        "a function that AMC does not have",
        "AMC has no function {name}; {way_out}",
    ),
    Rule(
        "undocumented-function",
        WARNING,
        "a function of standard SQL of which AMC's documents say nothing",
        "AMC's documents have no {name}; rewrite it, or try it on your instance first",
    ),
    Rule(
        "argument-count",
        ERROR,
        "a wrong number of arguments",
        "{name} takes {wanted}, and here are {found}; correct the call",
    ),
    Rule(
        "custom-parameter",
        ERROR,
        "`CUSTOM_PARAMETER`",
        "no parameters are declared to AMC here; write {{{{{name}}}}} instead, and declare that",
    ),
    Rule(
        "built-in-parameter",
        ERROR,
        "a `BUILT_IN_PARAMETER` that AMC does not have",
        "BUILT_IN_PARAMETER takes one quoted name; write 'TIME_WINDOW_START' or 'TIME_WINDOW_END'",
    ),
    Rule(
        "extend-time-window",
        ERROR,
        "`EXTEND_TIME_WINDOW` with wrong arguments",
        "{reason}; write TABLE(EXTEND_TIME_WINDOW('table', 'P14D', 'P1D'))",
    ),
    # tables and columns
    Rule("unknown-table", ERROR, "a misspelled table", "AMC has no table {name}; {way_out}"),
    Rule(
        "own-table",
        WARNING,
        "a table that is not documented nor declared",
        "AMC's documents have no table {name}; correct it, or name it in report_config.about.tables if you "
        "uploaded it",
    ),
    Rule(
        "audience-table",
        ERROR,
        "a `…_for_audiences` table",
        "{name} is for audience queries only; write {other}",
    ),
    Rule("old-table", WARNING, "the old name of a table", "{name} is an old name; write {other}"),
    Rule(
        "unknown-column",
        ERROR,
        "a column that its table does not have",
        "{table} has no column {name}; {way_out}",
    ),
    Rule(
        "unknown-alias",
        ERROR,
        "a qualifier that is no table here",
        "no table here is called {name}; {way_out}",
    ),
    Rule(
        "ambiguous-column",
        ERROR,
        "a column that several tables have",
        "{name} could be of {tables}; write the table before it",
    ),
    Rule(
        "early-alias",
        WARNING,
        "an output name that is used before it exists",
        "{name} is an output name, and standard SQL does not know it here yet; repeat its expression",
    ),
    # privacy
    Rule(
        "privacy-output",
        ERROR,
        "a VERY_HIGH or INTERNAL column in the output",
        "{column} is {level} and never in the output; drop it, or write COUNT(DISTINCT …)",
    ),
    Rule(
        "privacy-compare",
        ERROR,
        "a HIGH or VERY_HIGH column compared with a fixed value",
        "{column} is {level}, and AMC refuses to compare it with values; drop the condition",
    ),
    Rule(
        "privacy-use",
        WARNING,
        "a VERY_HIGH or INTERNAL column inside another function than COUNT",
        "{column} is {level}, and AMC promises COUNT and COUNT(DISTINCT …) only; rewrite {function}",
    ),
    Rule(
        "threshold-100",
        INFO,
        "an output column that raises the threshold to 100 people",
        "{column} is {level}: rows with fewer than 100 people vanish; leave it out for a threshold of 2",
    ),
    # placeholders
    Rule(
        "undeclared-placeholder",
        ERROR,
        "a placeholder without its declaration",
        "{{{{{name}}}}}: {reason}",
    ),
    Rule("misplaced-placeholder", ERROR, "a value that cannot stand there", "{{{{{name}}}}}: {reason}"),
    Rule("unused-parameter", ERROR, "a parameter that the SQL does not use", "parameter '{name}': {reason}"),
    Rule("unknown-rule", ERROR, "a validation rule that the type lacks", "parameter '{name}': {reason}"),
    Rule(
        "unfilled-parameter",
        ERROR,
        "a parameter that could be left without a value",
        "parameter '{name}': {reason}",
    ),
    Rule(
        "wrong-type",
        ERROR,
        "a value that its column can never hold",
        "{{{{{name}}}}} is {given}, and {column} is {type}; compare it with a column of its kind",
    ),
    Rule(
        "doubtful-type",
        WARNING,
        "a value that its column holds only after a conversion",
        "{{{{{name}}}}} is {given}, and {column} is {type}; {way_out}",
    ),
    # money
    Rule(
        "mixed-money",
        WARNING,
        "two units of money together",
        "this puts {first} and {second} together; divide each first: microcents by 100000000, "
        "millicents by 100000",
    ),
    Rule(
        "raw-money",
        WARNING,
        "money that leaves the query in another unit than currency",
        "{name} is in {unit}, not in currency; {way_out}",
    ),
    Rule(
        "money-limit",
        WARNING,
        "money that is compared with a parameter before it is currency",
        "this compares {unit} with {{{{{name}}}}}, which people give in currency; divide by {divisor} first",
    ),
    # the window
    Rule(
        "fixed-date",
        WARNING,
        "a day that is written into the SQL",
        "{column} is compared with a fixed day, and AMC cuts to the window anyway; drop it",
    ),
    Rule(
        "own-window",
        WARNING,
        "a parameter that cuts the window a second time",
        "{{{{{name}}}}} cuts {column} besides the window; drop it, or call the pair start_date and end_date",
    ),
    Rule(
        "no-window",
        INFO,
        "a query over dimension tables alone",
        "{tables} has no events, so the run's window changes nothing; say so in the description",
    ),
    # what is said of the template
    Rule(
        "undeclared-table",
        WARNING,
        "a table that `report_config.about.tables` lacks",
        "{name} is not in report_config.about.tables, by which people see where this can run; add it",
    ),
    Rule(
        "unused-table",
        WARNING,
        "a declared table that the SQL does not read",
        "report_config.about.tables has {name}, which the SQL does not read; remove it there",
    ),
)
BY_CODE: Final = {rule.code: rule for rule in RULES}

# what AMC may refuse, though its documents do not say so: worth a word at every run
DOUBTS: Final = frozenset(("double-colon", "qualify", "interval", "set-operation", "undocumented-function"))

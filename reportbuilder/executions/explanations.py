"""What AMC's refusals mean in plain words, and what to do: one line of data for each, the first that fits."""

import re
from typing import Final, NamedTuple

from reportbuilder.executions.refusals import OVERLAP_WORDS


class Explanation(NamedTuple):
    """``pattern`` in AMC's message, in any case; ``{0}`` in the words is the first thing that it names."""

    pattern: str
    meaning: str
    todo: str


_TEMPLATE: Final = "Correct it in the template and run the report again."
_OURS: Final = (
    "The request itself is at fault, not the query: tell whoever runs the Report Builder, with the id of the "
    "execution."
)
_PASSES: Final = "Run it again; if it fails in the same way, wait an hour and tell whoever runs the instance."
_SPELLING: Final = "Check the spelling in the template against the list of data sources of the instance."
_OVERLAP: Final = (
    "Use the rows that are there already, or take a window that does not overlap earlier runs. Run again as "
    "it is, it will be refused again."
)
_PRIVACY: Final = (
    "AMC shows no single person: leave the column out, or count it with COUNT or COUNT(DISTINCT …)."
)

# Read from the top: what is more special stands before what is more general.
EXPLANATIONS: Final = tuple(
    map(
        Explanation._make,
        (
            # ------------------------------------------------------------ limits and rights of the account
            (
                re.escape(OVERLAP_WORDS),
                "Too many queries have read the same data in this window, or in windows that overlap it.",
                _OVERLAP,
            ),
            (
                r"terms and conditions must be accepted",
                "Nobody has accepted AMC's terms for this account yet.",
                "An administrator of the account accepts them once in Amazon's console; then run it again.",
            ),
            (
                r"unauthorized request",
                "The AMC account that the instance is connected with has no rights on this instance.",
                "An admin checks the instance's id and its account's entity; another run changes nothing.",
            ),
            (
                r"advertiser (\S+) cannot be queried",
                "The advertiser {0} does not belong to this instance.",
                "Choose an advertiser of this instance, or an instance that holds this advertiser's data.",
            ),
            (
                r"execution with ID (\S+) does not exist",
                "AMC does not know this run.",
                "Run it again: what AMC no longer lists can no longer be fetched.",
            ),
            (
                r"workflow (with )?ID|workflow\.|workflowId",
                "AMC does not accept how the run was asked for.",
                _OURS,
            ),
            # ------------------------------------------------------------ privacy
            (
                r"column '([^']+)' with aggregation threshold \S+ cannot be in the output",
                "{0} could point to single people, so AMC never puts it out.",
                _PRIVACY,
            ),
            (
                r"column '([^']+)' with aggregation threshold \S+ cannot be compared",
                "{0} could point to single people, so AMC does not let a query pick values of it.",
                "Take the comparison of that column with a text or number out of the query.",
            ),
            (
                r"personal information",
                "The query or a value holds something like an e-mail address or a telephone number.",
                "Take it out: AMC accepts no personal data in a query, not even in a comment or a value.",
            ),
            (
                r"must aggregate",
                "The query would put out single events, which AMC never does.",
                "Group the rows and put out sums or counts: SUM(impressions) … GROUP BY campaign.",
            ),
            # ------------------------------------------------------------ names
            (
                r"undeclared parameter '?([^\s'.]+)",
                "The query uses the parameter {0}, which nobody declares.",
                "Write the place as {{{{{0}}}}} in the template, so that the form fills it; case counts.",
            ),
            (
                r"unknown built-in parameter '?([^\s'.]+)",
                "AMC has no built-in parameter {0}.",
                "There are TIME_WINDOW_START and TIME_WINDOW_END, and no others.",
            ),
            (
                r"parameter '?([^\s']+)'? has neither a value nor a default",
                "The parameter {0} has no value.",
                "Fill it in the form, or give it a default in the template.",
            ),
            (
                r"object '([^']+)' not found",
                "There is no data source {0} on this instance.",
                f"{_SPELLING} Some data sources are paid for apart and are not on every instance.",
            ),
            (
                r"column '([^']+)' is ambiguous",
                "Two tables have a column {0}.",
                "Write the table before it: t.{0}.",
            ),
            (
                r"column '([^']+)' not found",
                "There is no column {0} where the query looks for it.",
                _SPELLING,
            ),
            (
                r"table '([^']+)' not found",
                "The query speaks of a table {0} that it does not read.",
                "Use the name or alias that stands after FROM or JOIN.",
            ),
            (
                r"duplicate output column name '([^']+)'",
                "Two columns of the result are called {0}.",
                "Give each column its own name with AS.",
            ),
            (
                r"names such as '([^']+)' are reserved",
                "The name {0} is kept for the sandbox's own columns.",
                "Choose another name; only the sandbox refuses it.",
            ),
            # ------------------------------------------------------------ what AMC's SQL does not have
            (
                r'encountered "\{+',
                "A place of the template reached AMC unfilled.",
                "Declare the parameter in the template, so that the form asks for its value.",
            ),
            (
                r'encountered "(limit|offset|fetch)"',
                "AMC has no {0}.",
                "Number the rows by ROW_NUMBER() OVER (ORDER BY …) in an inner query and keep the first.",
            ),
            (
                r'encountered "recursive"',
                "AMC has no recursive queries.",
                "Write the steps one after another.",
            ),
            (
                r'order by is not supported|encountered "order',
                "AMC sorts no result.",
                "Take ORDER BY out; the result can be sorted here, by a click on a column.",
            ),
            (
                r"select \* is not supported",
                "AMC wants to know the columns of the result.",
                "Write the names of the columns in place of the star.",
            ),
            (
                r"unsupported scalar operation type \|\|",
                "AMC does not join texts with ||.",
                "Write CONCAT(a, b).",
            ),
            (r"percent remainder", "AMC has no % for the rest of a division.", "Write a - b * FLOOR(a / b)."),
            (
                r"unsupported join type (\w+)",
                "AMC has no {0} JOIN.",
                "Write a LEFT JOIN with the two tables in the other order, or another kind of join.",
            ),
            (
                r"join requires a condition",
                "A join does not say how its rows belong together.",
                "Add ON …, or USING (…); write CROSS JOIN if every row shall meet every other.",
            ),
            (
                r"function signature (DATE_ADD|DATEADD|DATE_SUB)\b",
                "AMC has no {0} of this form.",
                "Compare two times with SECONDS_BETWEEN; look beyond the window with EXTEND_TIME_WINDOW.",
            ),
            (
                r"function signature (GETDATE|NOW|SYSDATE)\b",
                "AMC has no {0}.",
                "Write CURRENT_DATE, or CAST('now' AS TIMESTAMP).",
            ),
            (
                r"function signature ([^\s(]+)",
                "AMC has no function {0} that takes these values.",
                "Check its name and what it takes in AMC's list of functions.",
            ),
            (
                r"invalid number of arguments to function '([^']+)'",
                "The function {0} is given too few or too many values.",
                "Give it as many as the message says.",
            ),
            (
                r"unknown datatype name '([^']+)'",
                "AMC has no type {0}.",
                "Cast to a type that AMC has: BIGINT, DOUBLE, DECIMAL(p, s), VARCHAR, DATE, TIMESTAMP …",
            ),
            (
                r"'([^']+)' is not a valid time frame",
                "AMC does not know the unit of time {0}.",
                "Take one of those that the message names.",
            ),
            (
                r"takes its unit as a literal",
                "The unit of time is not written out.",
                "Write it as a text: 'DAY'.",
            ),
            (
                r"takes \S+ string literal",
                "A function of the window or of a parameter is given something else than plain texts.",
                "Write its values as texts between single quotes.",
            ),
            (
                r"'([^']+)' is (not a valid ISO-8601|too long a) duration",
                "{0} is no length of time that AMC can read.",
                "Write days as P30D, hours as PT6H; at most as far as AMC's data reach.",
            ),
            (
                r"only select queries are supported|expected exactly one query",
                "AMC runs one SELECT and nothing else.",
                "Leave one query that begins with SELECT or WITH.",
            ),
            (
                r"unsupported (operation type|clause|set operation) ([^\n]+)",
                "AMC's SQL does not have {1}.",
                "Say it in another way; what AMC has stands in its SQL reference.",
            ),
            # ------------------------------------------------------------ shapes
            (
                r"number of columns must match",
                "A list of values and the names over it do not have equally many columns.",
                "Put each row of VALUES into brackets of its own: (VALUES (1, 'a'), (2, 'b')).",
            ),
            (
                r"column count mismatch in union",
                "The queries of a UNION do not have equally many columns.",
                "Give all of them the same columns, with NULL where one has nothing.",
            ),
            (
                r"values passed to (\w+) operator must have compatible types",
                "The values of a list are of different kinds.",
                "Make them all texts or all numbers; with an array write ARRAY_CONTAINS(list, column).",
            ),
            (
                r"not an array data type",
                "A single value stands where AMC wants a list.",
                "Make the parameter a list in the template, or compare with = and not with ARRAY_CONTAINS.",
            ),
            (
                r"expression '([^']+)' is not being grouped",
                "{0} is neither grouped nor summed up.",
                "Add it to GROUP BY, or put it into SUM, MAX or the like.",
            ),
            (
                r"windowed aggregate expression is illegal in (\w+)",
                "A value over a window (OVER) stands in {0}.",
                "Compute it in an inner query and compare it in the outer one.",
            ),
            (
                r"aggregate expression is illegal in (\w+)",
                "A sum or count stands in {0}, where only single rows are looked at.",
                "Put that condition into HAVING.",
            ),
            (
                r"aggregate expressions cannot be nested",
                "A sum or count stands inside another.",
                "Compute the inner one in a query of its own (WITH … AS) and the outer one over it.",
            ),
            (
                r"ordinal out of range",
                "GROUP BY counts to a column that the query does not have.",
                "Name the column, or count from 1 to the last.",
            ),
            (
                r"cannot apply '([^']+)' to arguments",
                "{0} cannot be done with values of these kinds.",
                "Bring both sides to one kind with CAST(… AS …).",
            ),
            (
                r"output schema of the query differs|outputColumns",
                "The columns of the result are not those that were announced.",
                "Bring the list of columns in the template in line with its SELECT.",
            ),
            (
                r"brackets in each other|ambiguous in too many ways",
                "The query is nested too deeply for AMC to read.",
                "Take inner queries out into WITH … AS.",
            ),
            (
                r"lexical error|never closed",
                "A text, a name or a comment is opened and never closed.",
                "Close it with the sign that it begins with; a quote inside of a text is doubled: ''.",
            ),
            (
                r'encountered "<EOF>"',
                "The query ends too early.",
                "Something is missing at its end: often a bracket.",
            ),
            (
                r'encountered "([^"]*)',
                "AMC cannot read the query at “{0}”.",
                "Look at the place and what stands before it: often a comma or bracket too few or too many.",
            ),
            (r"cannot be (parsed|compiled)", "AMC cannot read the query.", _TEMPLATE),
            # ------------------------------------------------------------ values
            (
                r"value '?([^']*)'? of parameter (\S+) is not a valid (\w+)",
                "The value {0} of {1} is no {2}.",
                "Correct the value in the form.",
            ),
            (
                r"parameter (\S+) exceeded maximum allowed length|exceeded maximum allowed length",
                "A value is longer than AMC takes in one piece.",
                "Shorten the list, or split it over two runs.",
            ),
            (r"array parameter (\S+) is not", "The value of {0} is no list.", "Give a list in the form."),
            (
                r"(data type '[^']*' of parameter|parameters of type) ",
                "A parameter has a type that AMC does not take.",
                _TEMPLATE,
            ),
            (
                r"synthetic",
                "Synthetic and real data do not go together on this instance.",
                "Read the data sources of the sandbox schema, or run it on an instance with real data.",
            ),
            (
                r"this sandbox cannot apply",
                "The sandbox cannot follow people through a query of this shape; AMC itself may run it.",
                "Write that part as a WITH query or a join.",
            ),
            # ------------------------------------------------------------ while it runs
            (
                r"(ran longer than|exceeded) its (time )?limit",
                "The query took longer than AMC lets one run.",
                "Take a shorter window, or run the time in segments as a backfill; read fewer tables.",
            ),
            (
                r"out of memory",
                "The query needed more memory than there is for one.",
                "Take a shorter window.",
            ),
            (r"internal (server )?error", "Something broke inside AMC.", _PASSES),
            (
                r"conversion error|could not convert|out of range error|division by zero",
                "A value in the data does not fit what the query does with it.",
                "Guard the cast or the division: NULLIF(x, 0), or CASE WHEN … THEN … END.",
            ),
            (
                r"time zone '([^']+)'",
                "AMC does not know the time zone {0}.",
                "Choose another zone for the report.",
            ),
            (
                r"time ?window|maxDimensionTime|maxCertifiedTime|expected format is yyyy",
                "AMC does not accept the window of time.",
                "Choose other days for this run; if it goes on, tell whoever runs the Report Builder.",
            ),
            (
                r"must be (an?|valid|true|between|given|specified)\b|must have|is invalid|needs an AWS",
                "AMC does not accept how the run was asked for.",
                _OURS,
            ),
        ),
    )
)

"""What one wants to see of a result: every wish survives its own address."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from admin.result_wishes import OPERATORS, Draft, Wish, accept, in_words, read_wish, spelled
from reportbuilder.results.filters import parse
from reportbuilder.results.reading import Column

SCHEMA = (
    Column("campaign", "text", "VARCHAR"),
    Column("a,b", "integer", "BIGINT"),
    Column("-c", "double", "DOUBLE"),
)
names = st.sampled_from([column.name for column in SCHEMA])


def addressed(wish: Wish) -> Wish:
    """Return what one reads of a wish's own address."""
    query = wish.query(page=wish.page).removeprefix("?").removesuffix("#rows")
    return read_wish(MultiDict(parse_qsl(query)))


@given(
    st.lists(names, unique=True).map(tuple),
    st.lists(st.text("ab:,&=#é", min_size=1), unique=True).map(tuple),
    st.text('ab,-"', max_size=9),
    st.integers(1, 1000),
)
def test_a_wish_survives_its_address(
    columns: tuple[str, ...], filters: tuple[str, ...], sort: str, page: int
) -> None:
    wish = Wish(columns, filters, sort, page)
    assert addressed(wish) == wish


@given(st.lists(names, min_size=1, unique=True))
def test_names_with_commas_and_signs_are_read_back(wanted: list[str]) -> None:
    found = parse(SCHEMA, columns=spelled(*wanted))
    assert [column.name for column in found.columns] == wanted
    for name in wanted:
        for sign in ("", "-"):
            _, question, wrong = accept(SCHEMA, Wish(sort=sign + spelled(name)))
            assert (wrong, [(one.name, down) for one, down in question.sort]) == ("", [(name, bool(sign))])


@given(st.text(), st.sampled_from([*OPERATORS, "", "nonsense"]), st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_asked_there_is_an_answer(column: str, operator: str, value: str, sort: str) -> None:
    wish = read_wish(
        MultiDict({"column": column, "is": operator, "value": value, "sort": sort, "page": value})
    )
    accepted, question, wrong = accept(SCHEMA, wish)
    assert question.columns
    assert len(question.filters) == len(accepted.filters)
    assert isinstance(wrong, str)


def test_a_draft_that_does_not_fit_stays_typed_and_the_others_hold() -> None:
    wish = Wish(filters=("a,b:gt:1",), draft=Draft("a,b", "gt", "many"))
    accepted, question, wrong = accept(SCHEMA, wish)
    assert accepted == wish
    assert [in_words(each) for each in question.filters] == ["a,b is greater than 1"]
    assert "does not fit" in wrong


def test_a_draft_that_fits_becomes_a_filter() -> None:
    accepted, _, wrong = accept(SCHEMA, Wish(draft=Draft("campaign", "null", "ignored")))
    assert (accepted, wrong) == (Wish(filters=("campaign:null",)), "")
    assert in_words(parse(SCHEMA, filters=accepted.filters).filters[0]) == "campaign is NULL"

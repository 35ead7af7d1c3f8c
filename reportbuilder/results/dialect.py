r"""AMC's CSV dialect, turned into plain RFC 4180 with LF line ends, block by block.

The dialect: ``,`` between fields, ``"`` around those that need it, and backslash as escape, so that ``\"`` is
a quote and ``\\`` a backslash, inside quotes and outside. A backslash before anything else is only a
backslash. Doubled quotes inside a quoted field are taken as one quote too: nothing else may stand there, so
it is safe. Lines end in LF or CRLF; line ends inside quotes are data and stay as they are.
"""

import re

from reportbuilder.results.failures import BrokenResult

# Neither byte can occur in valid UTF-8, so they can stand in for an escaped pair.
_BACKSLASH, _QUOTE = b"\xff", b"\xfe"
_FIELD_TO_QUOTE = re.compile(rb"[^,\n]*[\xfe\r][^,\n]*")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Normaliser:
    """Rewrites blocks of whole lines (a line may end inside quotes) and remembers what carries over.

    Works on a block at once and never on a character: a gigabyte must pass in a few seconds.
    """

    def __init__(self) -> None:
        self.in_quotes = False  # does the next block start inside a quoted field?
        self.repaired = 0  # byte sequences that were not UTF-8 where backslashes had to be resolved

    def rewrite(self, block: bytes) -> bytes:
        """Return the block as RFC 4180 with LF; what is not UTF-8 may stay, for ``valid`` takes its time.

        :param block: bytes that end in LF.
        :raises BrokenResult: when quotes stand where none can.
        """
        if b"\r" in block and not self.in_quotes and b'"' not in block:
            block = block.replace(b"\r\n", b"\n")
        start, *rest = block.split(b"\\")
        counts = [part.count(b'"') for part in rest]
        in_quotes = self.in_quotes ^ _is_odd(start.count(b'"'))
        if b"\r" not in block and (not rest or (in_quotes and _are_escaped_quotes(rest, counts))):
            self.in_quotes = in_quotes ^ _is_odd(sum(counts) - len(rest))
            return b'"'.join((start, *rest)) if rest else block
        block, repaired = valid(block)  # so that the stand-ins stand for nothing else
        self.repaired += repaired
        return self._resolve(block.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE))

    def _resolve(self, marked: bytes) -> bytes:
        """Split at the quotes that are not escaped: every second piece lies outside of them."""
        pieces = marked.split(b'"')
        first = int(self.in_quotes)  # the index of the first piece that lies outside
        self.in_quotes ^= len(pieces) % 2 == 0
        outside = pieces[first::2]
        _check_borders(outside[1 - first :], outside if self.in_quotes else outside[:-1])
        joined = b'"'.join(outside)
        if _QUOTE in joined or b"\r" in joined:
            pieces[first::2] = [_rewrite_outside(piece) for piece in outside]
            marked = b'"'.join(pieces)
        return marked.replace(_QUOTE, b'""').replace(_BACKSLASH, b"\\")


def valid(block: bytes) -> tuple[bytes, int]:
    """Return the block with U+FFFD for each byte sequence that is not UTF-8, and their number."""
    try:
        if not block.isascii():
            block.decode()
    except UnicodeDecodeError:
        text = block.decode(errors="replace")
        return text.encode(), text.count(_REPLACEMENT) - block.count(_REPLACEMENT.encode())
    return block, 0


def _is_odd(number: int) -> bool:
    return number % 2 == 1


def _are_escaped_quotes(parts: list[bytes], counts: list[int]) -> bool:
    """Tell whether every backslash, before each of the parts, escapes a quote inside a quoted field.

    Then each part begins with that quote, and an even number of others leads to the next backslash. This
    occurs in nearly every file, so it has a quick way.
    """
    return all(map(_is_odd, counts[:-1])) and all(part.startswith(b'"') for part in parts)


def _check_borders(after_quote: list[bytes], before_quote: list[bytes]) -> None:
    """See that only commas and line ends separate quoted fields; an empty piece halves a doubled quote."""
    starts = {piece[:1] for piece in after_quote}
    ends = {piece[-1:] for piece in before_quote}
    if not starts <= {b",", b"\n", b"\r", b""} or (b"\r" in starts and _has_lone_cr(after_quote)):
        raise BrokenResult(
            "text follows a closing quote without a comma between them; fetch the result again"
        )
    if not ends <= {b",", b"\n", b""}:
        raise BrokenResult("a quote stands inside an unquoted field; fetch the result again")


def _has_lone_cr(pieces: list[bytes]) -> bool:
    return any(piece.startswith(b"\r") and not piece.startswith(b"\r\n") for piece in pieces)


def _rewrite_outside(piece: bytes) -> bytes:
    r"""Drop the CR of CRLF, and put quotes around unquoted fields that hold an escaped quote or a lone CR."""
    return _FIELD_TO_QUOTE.sub(rb'"\g<0>"', piece.replace(b"\r\n", b"\n"))

"""Downloaded CSV files become one scratch file of plain CSV without headers, never held in memory."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from reportbuilder.results.dialect import Normaliser, valid
from reportbuilder.results.failures import BrokenResult, shown

BLOCK = 1 << 18  # bytes worked on at once; few enough for the processor's own memory
MAX_LINE = 64 << 20  # bytes; a longer line is not a line
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Spooled:
    """What was written: the header, and what the reader needs to know of the body."""

    header: tuple[str, ...]
    line_bytes: int  # about so long is a line
    repaired: int  # byte sequences that were not UTF-8; there may be more, see ``repair``


def spool(sources: Iterable[Iterable[bytes]], target: Path) -> Spooled:
    """Write the bodies of all files, one after the other, to ``target`` as RFC 4180 with LF, in UTF-8.

    :param sources: one stream of chunks a file, plain or gzip; each is opened only when its turn comes.
    :raises BrokenResult: no file, a file without a header, with another header, or cut off.
    """
    header: tuple[str, ...] | None = None
    repaired = lines = sampled = 0
    with target.open("wb", buffering=0) as body:
        for number, source in enumerate(sources, start=1):
            file = _File(number, Normaliser())
            blocks = file.rewrite(_blocks(_plain(source)))
            found, rest = _split_header(number, next(blocks, b""))
            if header is None:
                header = found
            elif [name.casefold() for name in header] != [name.casefold() for name in found]:
                raise BrokenResult(
                    f"file {number} has the columns {shown(found)}, but file 1 has {shown(header)}; "
                    "run the query again"
                )
            lines, sampled = lines + rest.count(b"\n"), sampled + len(rest)
            _write(body, rest)
            for block in blocks:
                _write(body, block)
            repaired += file.normaliser.repaired
    if header is None:
        raise BrokenResult("the result has no file; run the query again")
    return Spooled(header, sampled // max(lines, 1), repaired)


def repair(body: Path) -> int:
    """Put U+FFFD for each byte sequence in the body that is not UTF-8, and return their number."""
    repaired, target = 0, body.with_suffix(".repaired")
    with body.open("rb") as source, target.open("wb") as writing:
        for block in _blocks(iter(partial(source.read, BLOCK), b"")):
            text, count = valid(block)
            writing.write(text)
            repaired += count
    target.replace(body)
    return repaired


@dataclass
class _File:
    number: int
    normaliser: Normaliser

    def rewrite(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from map(self.normaliser.rewrite, blocks)
        except zlib.error:
            raise BrokenResult(f"file {self.number} is not whole gzip; fetch the result again") from None
        except BrokenResult as error:
            raise BrokenResult(f"file {self.number}: {error.message}") from None
        if self.normaliser.in_quotes:
            raise BrokenResult(
                f"file {self.number} ends inside a quoted field: it is cut off; fetch the result again"
            )


def _write(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:  # an unbuffered write may stop short
        view = view[file.write(view) :]


def _split_header(number: int, block: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names in the first record, and what follows it."""
    end = block.find(b"\n") + 1
    while end and block.count(b'"', 0, end) % 2:
        end = block.find(b"\n", end) + 1
    if not end:
        raise BrokenResult(f"file {number} is empty, not even a header stands in it; fetch the result again")
    try:
        names = next(csv.reader(io.StringIO(valid(block[:end])[0].decode(), newline="")), [])
    except csv.Error as error:
        raise BrokenResult(f"file {number} has no readable header: {error}") from None
    if not any(names):
        raise BrokenResult(f"file {number} begins with an empty line instead of a header")
    return tuple(names), block[end:]


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Regroup chunks of any size to blocks of whole lines, the last line ended if it was not."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        cut = chunk.rfind(b"\n") + 1 if size >= BLOCK else 0
        if cut:
            yield b"".join((*held, chunk[:cut]))
            held, size = [], len(chunk) - cut
        elif size > MAX_LINE:
            raise BrokenResult(f"a line is longer than {MAX_LINE >> 20} MB; fetch the result again")
        held.append(chunk[cut:])
    if rest := b"".join(held):
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _plain(source: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks, unpacked if they are gzip, without a byte order mark."""
    chunks = filter(None, source)
    start = b""
    while len(start) < len(_BOM) and (chunk := next(chunks, None)) is not None:
        start += chunk
    if start.startswith(_GZIP):
        yield from _plain(_gunzip(start, chunks))
        return
    yield start.removeprefix(_BOM)
    yield from chunks


def _gunzip(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack one or more gzip members, at most a block at a time."""
    packed, member, fresh = start, zlib.decompressobj(wbits=31), False
    while packed or (packed := next(chunks, b"")):
        yield member.decompress(packed, BLOCK)
        packed = member.unconsumed_tail
        fresh = member.eof
        if fresh:
            packed, member = member.unused_data, zlib.decompressobj(wbits=31)
    if not fresh:
        yield member.flush()
        raise zlib.error("cut off")

"""Record cards: the very bytes behind a reference, cut to what a page can show, secrets masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO

from forensics.case import Case
from forensics.evidence import open_evidence, place_of
from parsers.dissect.secrets import mask
from parsers.source import Source
from parsers.streams import decoded
from reports.model import CitedRecord, When

MAX_RECORDS = 600
MAX_BYTES = 4_096
MAX_EXCERPT = 2_000
HEX_BYTES = 256

Reference = Mapping[str, Any]


def cards(case: Case, references: Iterable[Reference], formats: Mapping[str, str | None]) -> tuple[CitedRecord, ...]:
    """One card per reference, at most `MAX_RECORDS`, in the order given; each source is passed over once."""
    chosen: dict[str, Reference] = {}
    for reference in references:
        chosen.setdefault(reference["ref"], reference)
        if len(chosen) == MAX_RECORDS:
            break
    found = _bytes_of(case, list(chosen.values()))
    return tuple(_card(reference, found.get(name), formats) for name, reference in chosen.items())


def _bytes_of(case: Case, references: list[Reference]) -> dict[str, bytes]:
    by_source: dict[str, list[Reference]] = {}
    for reference in references:
        if reference["offset"] is not None and reference["length"] is not None:
            by_source.setdefault(reference["sha256"], []).append(reference)
    found: dict[str, bytes] = {}
    for source_id, own in sorted(by_source.items()):
        size = place_of(case, source_id).stat().st_size
        plain = decoded(Source(source_id, own[0]["path"], _opener(case, source_id), size=size)).source
        found |= _pass_over(plain, sorted(own, key=lambda reference: (reference["offset"], reference["ref"])))
    return found


def _opener(case: Case, source_id: str) -> Callable[[], BinaryIO]:
    return lambda: open_evidence(case, source_id)


def _pass_over(source: Source, references: list[Reference]) -> dict[str, bytes]:
    """Read the ranges in one pass; `kept` holds the last bytes read, for ranges that overlap."""
    found: dict[str, bytes] = {}
    with source.open() as stream:
        begin, kept = 0, b""
        for reference in references:
            offset, end = reference["offset"], reference["offset"] + min(reference["length"], MAX_BYTES)
            while begin + len(kept) < offset:
                begin += len(kept)
                kept = stream.read(min(offset - begin, 1 << 20))
                if not kept:
                    return found
            kept, begin = kept[offset - begin :], offset
            while begin + len(kept) < end and (more := stream.read(end - begin - len(kept))):
                kept += more
            found[reference["ref"]] = kept[: end - begin]
    return found


def _card(reference: Reference, data: bytes | None, formats: Mapping[str, str | None]) -> CitedRecord:
    excerpt = hexdump = None
    masked = 0
    if data is not None:
        text = _text_of(data)
        if text is None or "\x00" in text[:64]:
            hexdump = _hexdump(data[:HEX_BYTES])
        else:
            shown = mask(text)
            masked = shown.count("[masked:")
            excerpt = shown[:MAX_EXCERPT]
    length = reference["length"]
    limit = HEX_BYTES if hexdump is not None else MAX_EXCERPT
    return CitedRecord(
        ref=reference["ref"],
        path=reference["path"],
        sha256=reference["sha256"],
        format=formats.get(reference["sha256"]),
        line=reference["line"],
        offset=reference["offset"],
        length=length,
        locator=_locator(reference),
        when=when_of(reference),
        excerpt=excerpt,
        excerpt_complete=length is not None and length <= limit,
        hexdump=hexdump,
        masked=masked,
        notes=(f"disputed: {reference['disputed']}",) if "disputed" in reference else (),
    )


def _text_of(data: bytes) -> str | None:
    """Decode what may be cut in the middle of a character; None where it is no text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        cut = len(data) == MAX_BYTES and fault.start > MAX_BYTES - 4
        return data[: fault.start].decode("utf-8") if cut else None


def _locator(reference: Reference) -> str:
    packets = reference.get("packets")
    if packets:
        return f"{packets['count']} packets, {packets['first']} to {packets['last']}"
    spans = reference.get("spans")
    return f"{len(spans)} byte ranges" if spans and len(spans) > 1 else ""


def when_of(reference: Reference) -> When:
    """The reference's time as the report model has it."""
    return When(
        microseconds(reference["ts"]),
        microseconds(reference["ts_earliest"]),
        microseconds(reference["ts_latest"]),
        reference["ts_basis"],
    )


def microseconds(moment: str | None) -> int | None:
    """Read a time of the incident document back."""
    from parsers.times import iso

    if moment is None:
        return None
    read = iso(moment)
    return read.us if read else None


def _hexdump(data: bytes) -> str:
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:06x}  {row.hex(' '):<47}  {shown}")
    return "\n".join(lines)

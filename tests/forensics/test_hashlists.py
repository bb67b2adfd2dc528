"""Lists of expected hashes as others write them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from forensics.errors import UsageFault
from forensics.hashlists import Index, compare, load

A = hashlib.sha256(b"a").hexdigest()
B = hashlib.sha256(b"b").hexdigest()
M = hashlib.md5(b"a").hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A}  x/a.txt\n{B} *x/b.txt\n", [("x/a.txt", {"sha256": A}), ("x/b.txt", {"sha256": B})]),
        (f"{A.upper()}  a.txt\n", [("a.txt", {"sha256": A})]),
        (f"\\{A}  with\\nnewline\n", [("with\nnewline", {"sha256": A})]),
        (f"SHA256 (a b.txt) = {A}\n", [("a b.txt", {"sha256": A})]),
        (f"{M}  a.txt\n", [("a.txt", {"md5": M})]),
        (
            "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /x\n" + f"1,{M},{A},/mnt/a,b.txt\n",
            [("/mnt/a,b.txt", {"md5": M, "sha256": A})],
        ),
        (f'Path,Size,SHA256\n"C:\\x\\a.txt",1,{A}\n', [("C:/x/a.txt", {"sha256": A})]),
        (f"\ufefffilename,md5\na.txt,{M}\n", [("a.txt", {"md5": M})]),
    ],
)
def test_lists_are_read(tmp_path: Path, text: str, expected: list) -> None:
    (tmp_path / "list").write_bytes(text.encode())
    assert [(each.path, dict(each.digests)) for each in load(tmp_path / "list")] == expected


@pytest.mark.parametrize("text", ["", "hello\n", f"{A}  a\nrubbish\n", "name,hash\na,zz\n", f"path\n{A}\n"])
def test_what_is_no_list_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "list").write_bytes(text.encode())
    with pytest.raises(UsageFault):
        load(tmp_path / "list")


def test_a_delivery_is_held_against_a_list(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"{A}  /mnt/e/one/a.txt\n{B}  /mnt/e/two/a.txt\n{A}  /mnt/e/gone.txt\n")
    index = Index(load(tmp_path / "list"))
    delivered = {"one/a.txt": {"sha256": A}, "two/a.txt": {"sha256": A}, "new.txt": {"sha256": B}}
    found = compare(index, delivered)
    assert found.matching == ["one/a.txt"]
    assert found.mismatched == ["two/a.txt"]
    assert found.missing == ["/mnt/e/gone.txt"]
    assert found.extra == ["new.txt"]
    assert not found.holds
    assert index.of("a.txt") is None  # two lines agree equally well

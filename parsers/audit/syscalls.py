"""System calls that audit events tell of, by architecture: a number means nothing without one.

Source of the numbers: Linux asm/unistd.h of x86_64, i386 and asm-generic (arm64, riscv64); arch/{arm,powerpc,s390}
syscall tables. Source of the architecture codes: linux/audit.h (AUDIT_ARCH_*).
"""

from __future__ import annotations

_LITTLE_ENDIAN = 0x40000000

EXECS = frozenset({"execve", "execveat"})
SOCKET_KINDS = {
    "connect": "connect",
    "accept": "accept",
    "accept4": "accept",
    "bind": "bind",
    "sendto": "send",
    "sendmsg": "send",
    "sendmmsg": "send",
    "recvfrom": "receive",
    "recvmsg": "receive",
    "recvmmsg": "receive",
}
# what the socketcall of 32-bit systems does, by its first argument (linux/net.h)
SOCKETCALLS = {
    2: "bind",
    3: "connect",
    5: "accept",
    11: "sendto",
    12: "recvfrom",
    16: "sendmsg",
    17: "recvmsg",
    18: "accept4",
}
OPENS = frozenset({"open", "openat", "openat2", "creat", "open_by_handle_at"})
CHANGES = frozenset(
    {
        *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
        *("chown32", "fchown32", "lchown32", "truncate", "ftruncate", "truncate64", "ftruncate64", "fallocate"),
        *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
        *("utime", "utimes", "utimensat", "futimesat"),
    }
)
RENAMES = frozenset({"rename", "renameat", "renameat2"})


def _table(text: str) -> dict[int, str]:
    pairs = (item.split("=") for item in text.split())
    return {int(number): name for name, number in pairs}


_X86_64 = _table(
    "execve=59 execveat=322 connect=42 accept=43 accept4=288 bind=49 sendto=44 sendmsg=46 sendmmsg=307 recvfrom=45 "
    "recvmsg=47 recvmmsg=299 open=2 openat=257 openat2=437 creat=85 open_by_handle_at=304 unlink=87 unlinkat=263 "
    "rmdir=84 rename=82 renameat=264 renameat2=316 link=86 linkat=265 symlink=88 symlinkat=266 mkdir=83 mkdirat=258 "
    "mknod=133 mknodat=259 chmod=90 fchmod=91 fchmodat=268 fchmodat2=452 chown=92 fchown=93 lchown=94 fchownat=260 "
    "truncate=76 ftruncate=77 fallocate=285 setxattr=188 lsetxattr=189 fsetxattr=190 removexattr=197 "
    "lremovexattr=198 fremovexattr=199 utime=132 utimes=235 utimensat=280 futimesat=261"
)
_GENERIC = _table(
    "execve=221 execveat=281 connect=203 accept=202 accept4=242 bind=200 sendto=206 sendmsg=211 sendmmsg=269 "
    "recvfrom=207 recvmsg=212 recvmmsg=243 openat=56 openat2=437 open_by_handle_at=265 unlinkat=35 renameat=38 "
    "renameat2=276 linkat=37 symlinkat=36 mkdirat=34 mknodat=33 fchmod=52 fchmodat=53 fchmodat2=452 fchown=55 "
    "fchownat=54 truncate=45 ftruncate=46 fallocate=47 setxattr=5 lsetxattr=6 fsetxattr=7 removexattr=14 "
    "lremovexattr=15 fremovexattr=16 utimensat=88"
)
# what the older 32-bit tables have in common
_OLD = (
    "execve=11 open=5 creat=8 link=9 unlink=10 mknod=14 chmod=15 utime=30 rename=38 mkdir=39 rmdir=40 symlink=83 "
    "truncate=92 ftruncate=93 fchmod=94 socketcall=102 "
)
_I386 = _table(
    _OLD + "execveat=358 connect=362 accept4=364 bind=361 sendto=369 sendmsg=370 sendmmsg=345 recvfrom=371 recvmsg=372 "
    "openat=295 openat2=437 unlinkat=301 renameat=302 renameat2=353 linkat=303 symlinkat=304 mkdirat=296 mknodat=297 "
    "fchmodat=306 chown=182 fchown=95 lchown=16 fchownat=298 chown32=212 fchown32=207 lchown32=198 truncate64=193 "
    "ftruncate64=194 fallocate=324 setxattr=226 lsetxattr=227 fsetxattr=228 removexattr=235 lremovexattr=236 "
    "fremovexattr=237 utimes=271 utimensat=320 futimesat=299"
)
_ARM = _table(
    _OLD + "execveat=387 connect=283 accept=285 accept4=366 bind=282 sendto=290 sendmsg=296 sendmmsg=374 recvfrom=292 "
    "recvmsg=297 openat=322 openat2=437 unlinkat=328 renameat=329 renameat2=382 linkat=330 symlinkat=331 mkdirat=323 "
    "mknodat=324 fchmodat=333 chown=182 fchown=95 lchown=16 fchownat=325 chown32=212 fchown32=207 lchown32=198 "
    "truncate64=193 ftruncate64=194 fallocate=352 setxattr=226 lsetxattr=227 fsetxattr=228 removexattr=235 "
    "lremovexattr=236 fremovexattr=237 utimes=269 utimensat=348 futimesat=326"
)
_POWERPC = _table(
    _OLD + "execveat=362 connect=328 accept=330 accept4=344 bind=327 sendto=335 sendmsg=341 recvfrom=337 recvmsg=342 "
    "openat=286 openat2=437 unlinkat=292 renameat=293 renameat2=357 linkat=294 symlinkat=295 mkdirat=287 mknodat=288 "
    "fchmodat=297 chown=181 fchown=95 lchown=16 fchownat=289 truncate64=193 ftruncate64=194 fallocate=309 "
    "setxattr=209 lsetxattr=210 fsetxattr=211 removexattr=218 lremovexattr=219 fremovexattr=220 utimes=251 "
    "utimensat=304 futimesat=290"
)
_S390X = _table(
    _OLD + "execveat=354 connect=362 accept4=364 bind=361 sendto=369 sendmsg=370 recvfrom=371 recvmsg=372 openat=288 "
    "openat2=437 unlinkat=294 renameat=295 renameat2=347 linkat=296 symlinkat=297 mkdirat=289 mknodat=290 fchmodat=299 "
    "chown=212 fchown=207 lchown=198 fchownat=291 fallocate=314 setxattr=224 lsetxattr=225 fsetxattr=226 "
    "removexattr=233 lremovexattr=234 fremovexattr=235 utimes=313 utimensat=315 futimesat=292"
)

_BY_ARCHITECTURE = {
    0xC000003E: _X86_64,
    0xC00000B7: _GENERIC,  # arm64
    0xC00000F3: _GENERIC,  # riscv64
    0x40000003: _I386,
    0x40000028: _ARM,
    0x80000015: _POWERPC,  # ppc64
    0xC0000015: _POWERPC,  # ppc64le
    0x00000014: _POWERPC,
    0x80000016: _S390X,
}
# how interpreted logs print the codes
_BY_NAME = {
    "x86_64": 0xC000003E,
    "aarch64": 0xC00000B7,
    "riscv64": 0xC00000F3,
    "i386": 0x40000003,
    "arm": 0x40000028,
    "armeb": 0x00000028,
    "ppc64": 0x80000015,
    "ppc64le": 0xC0000015,
    "ppc": 0x00000014,
    "s390x": 0x80000016,
}


def architecture(text: str) -> int | None:
    """Read the `arch` field: hexadecimal, or a name where the log was written interpreted."""
    if text in _BY_NAME:
        return _BY_NAME[text]
    try:
        return int(text, 16)
    except ValueError:
        return None


def name_of(arch: int | None, number: str) -> str | None:
    """Return the name of a system call; None where it is not one that is told apart here.

    A call that is printed by name (interpreted logs) is returned as it is.
    """
    if not number.isascii() or not number.isdigit():
        return number or None
    return _BY_ARCHITECTURE.get(arch or 0, {}).get(int(number[:9]))


def little_endian(arch: int | None) -> bool:
    """Tell the byte order of an architecture; the common one where it is not known."""
    return arch is None or bool(arch & _LITTLE_ENDIAN)

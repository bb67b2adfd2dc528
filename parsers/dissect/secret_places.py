r"""Secrets that are told by where they stand: behind a name (`password=`), an option (`-p`), in a URL, in a header.

A value counts only if it can be one: no variable, placeholder, type, call or sentence; a token must mix letters and
digits. Quotes may be escaped (`\"`), once or more. What miners call a password is by convention the worker's name
(`-p x`, `-p rig-07`): it is left alone if it reads as a label, and so is an e-mail address behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers import addresses
from parsers.dissect.secret_shapes import SecretSpan, occurrences

# quotes, escaped or not; a backslash before n, r, t or u is a line end or a sign in JSON text
_QUOTES = r"(?:[\"'`]|\\(?![nrtu])){0,6}"
# from the end of the name on: closing quote, sign of assignment, opening quote, value
_ASSIGNED = re.compile(
    r"(?P<tail>[A-Za-z0-9_.-]{0,24})(?P<close>[\\\"'`]{0,4}\]?)(?P<sep>\s{0,4}(?:=>|:=|={1,2}|:|>)\s{0,4}|\s{1,3})"
    rf"(?P<open>{_QUOTES})"
)
_QUOTED_VALUE = re.compile(r"[^\"'\\`\x00-\x1f]{1,512}")
_BARE_VALUE = re.compile(r"[^\s\x00-\x1f\"'\\`,;&|<>(){}\[\]]{1,512}")
_NAME_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,32}$")
# behind the key word these make it the name of something else
_OTHER_TAIL = re.compile(
    r"(?i)file|path|name|[_-]?id\b|url|uri|type|len|count|expir|ttl|limit|size|polic|iz|usage|used|field|label|hint|"
    r"prompt|reset|requir|valid|format|provider|manager|store|rotat|regex|pattern|error|form|public|pub|hash|sha|digest|"
    r"ring|word_|board|space|budget|price|cost|per|s$|ed\b|ing\b|age\b|es\b|ive\b|port"
)
_OTHER_HEAD = re.compile(
    r"(?i)public|pub[_-]|hash|sha\d|digest|by|compass|max|min|num|total|input|output|next|csrf|bypass"
)
_KEY_HEAD = re.compile(
    r"(?i)(?:api|access|account|auth|secret|private|priv|encryption|encrypt|signing|master|license|service|shared|storage|"
    r"subscription|admin|app|application|consumer|client|deploy|ssh|x|primary|registration)[_.-]?$"
)
_PLACEHOLDER = re.compile(
    r"(?i)^(?:none|null|nil|true|false|yes|no|on|off|required|optional|incorrect|invalid|wrong|missing|empty|hidden|set|"
    r"unset|str|string|bytes|int|bool|any|object|text|password|passwd|pass|passphrase|secret|token|key|api[_-]?key|value|"
    r"field|input|prompt|user(?:name)?|your[\w -]*|my[_-]?(?:password|secret|token|key|pass)|example|sample|test|dummy|"
    r"fake|placeholder|change[_-]?me|redacted|masked|encrypted|is|was|not|for|and|the|in|to|of|or|with|self|this|args|"
    r"config|x+|\*+|\.+|-+|_+|\?+|\d{1,3}|<.*|\{.*|\[.*|\$[A-Za-z_({].*|%[sdr]|%\(.*|%\w+%|!(?:ref|sub|getatt|vault)\b.*|"
    r"os\..*|self\..*|process\..*|env\..*|getpass.*|https?:.*|~/.*|(?:\.{0,2}/[a-z_.-]+){2,}/?[\w.-]*)$"
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z_.]*[:.]?")
_MIXED = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=[^0-9]*[0-9])")
_TOKEN = re.compile(r"[A-Za-z0-9_.+/=~:|%!*-]{12,512}")
_LOWER_WORDS = re.compile(
    r"(?:[a-z]+[0-9]{0,2}|[A-Z]+[0-9]{0,2})(?:[_./:-](?:[a-z]+[0-9]{0,2}|[A-Z]+[0-9]{0,2}|\d{1,4}))*"
)
_LABEL = re.compile(
    r"[A-Za-z]{1,16}|[A-Za-z]{1,12}[_-]?\d{1,4}|[a-z0-9]{1,12}(?:[_.-][a-z0-9]{1,12}){1,5}|"
    r"[a-z]{1,6}=[\w.:-]{1,24}(?:[,;][a-z]{1,6}=[\w.:-]{1,24}){0,8}"
)
_EMAIL = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_HEADER = re.compile(
    rf"(?i)authorization{_QUOTES}\s{{0,3}}[:=]\s{{0,3}}{_QUOTES}(?P<scheme>(?:bearer|basic|token|digest|apikey|bot)\s{{1,3}})?"
    r"(?P<s>[A-Za-z0-9._~+/=:-]{8,8192})"
)
_BEARER = re.compile(r"(?i)bearer\s{1,3}(?P<s>[A-Za-z0-9._~+/=-]{16,8192})")
_USERINFO = re.compile(r"[^\s/?#@:\"'<>\\]{0,128}:(?P<s>[^\s/?#@\"'<>\\]{1,256})@(?=[A-Za-z0-9\[$])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}$")
_KEY_HEX = re.compile(
    r"(?i)[a-z _-]{0,24}(?:[\\\"'`\s:=>(]{1,12}|\sis\s{1,3})(?:0x)?(?P<s>(?:[0-9a-f]{64}){1,2})(?![0-9a-zA-Z])"
)
_NAMED_KEY = re.compile(r"[A-Z0-9]{2,24}_$")
_NETRC = re.compile(rf"login\s{{1,4}}\S{{1,128}}\s{{1,4}}password\s{{1,4}}{_QUOTES}(?P<s>[^\s\"'\\]{{1,256}})")
_REGISTRY = re.compile(r"auth[\\\"']{1,4}\s{0,3}:\s{0,3}[\\\"']{1,4}(?P<s>[A-Za-z0-9+/]{12,1024}={0,2})[\\\"']")
_CALL_PAIR = re.compile(
    r"auth\s?=\s?\(\s?[\\\"']{1,4}[^\"'\\\n]{1,128}[\\\"']{1,4},\s?[\\\"']{1,4}(?P<s>[^\"'\\\n]{3,256})"
)
_SUDO_HERE = re.compile(rf"sudo -S[^\n|;<]{{0,120}}<<<\s?{_QUOTES}(?P<s>[^\s\"'\\]{{1,256}})")
_NOT_A_KEY = re.compile(r"(?i)hash|sha|digest|tx|checksum|public|block|id\b")

_VALUE = rf"{_QUOTES}(?P<s>[^\s\"'\\`|;&<>]{{1,256}})"
_USER_AND = rf"{_QUOTES}[^\s:\"'\\]{{1,128}}:(?P<s>[^\s\"'\\`|;&<>]{{1,256}})"
# tools whose options carry a password: word that must be there, pattern behind it on the same line
_TOOLS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mysql", re.compile(rf"[a-z]{{0,8}}\b[^\n|;&]{{0,300}}?\s-p{_VALUE}")),
    ("mariadb", re.compile(rf"[a-z-]{{0,8}}\b[^\n|;&]{{0,300}}?\s-p{_VALUE}")),
    ("sshpass", re.compile(rf"\b[^\n|;&]{{0,80}}?\s-p\s{{0,3}}{_VALUE}")),
    ("mongo", re.compile(rf"[a-z]{{0,8}}\b[^\n|;&]{{0,300}}?\s-p\s{{0,3}}{_VALUE}")),
    ("redis-cli", re.compile(rf"\b[^\n|;&]{{0,300}}?\s(?:-a|--pass)\s{{1,3}}{_VALUE}")),
    ("login", re.compile(rf"\b[^\n|;&]{{0,300}}?\s-p\s{{1,3}}{_VALUE}")),
    ("curl", re.compile(rf"\b[^\n|;]{{0,600}}?\s(?:-u\s{{0,3}}|--(?:proxy-)?user[= ]){_USER_AND}")),
    ("smbclient", re.compile(r"\b[^\n|;&]{0,300}?%(?P<s>[^\s\"'\\`|;&<>]{1,256})")),
    ("ldap", re.compile(rf"[a-z]{{0,8}}\b[^\n|;&]{{0,300}}?\s-w\s{{1,3}}{_VALUE}")),
    ("7z", re.compile(rf"[a-z]?\b[^\n|;&]{{0,200}}?\s-p{_VALUE}")),
    ("zip", re.compile(rf"\b[^\n|;&]{{0,200}}?\s-P\s{{0,3}}{_VALUE}")),
    ("htpasswd", re.compile(rf"\s-[a-zA-Z]{{0,4}}b[a-zA-Z]{{0,4}}\s+\S{{1,200}}\s+\S{{1,64}}\s+{_VALUE}")),
    ("openssl", re.compile(r"\b[^\n|;]{0,300}?pass:(?P<s>[^\s\"'\\`|;&<>]{1,256})")),
)  # fmt: skip
_FED = re.compile(
    rf"(?:echo|printf|<<<)\s{{1,3}}(?:-[neE]{{1,3}}\s{{1,3}}|{_QUOTES}%s(?:\\n)?{_QUOTES}\s{{1,3}})?"
    rf"{_VALUE}{_QUOTES}\s{{0,3}}(?:\||$)"
)
_FED_TO = ("sudo -S", "chpasswd", "passwd --stdin", "--password-stdin")
_MINER_POOL = re.compile(r"\s-o\s|--url[= ]|--pool[= ]|stratum")
_MINER_PASS = re.compile(rf"\s(?:-p\s{{1,3}}|--pass[= ]){_VALUE}")


def placed(text: str, lowered: str) -> Iterator[SecretSpan]:
    """Yield the secrets told by their place; `lowered` is the text in lower case, of equal length."""
    for word, kind in (("pass", "password"), ("secret", "secret"), ("token", "token"), ("credential", "secret")):
        for at in occurrences(lowered, word):
            yield from _named(text, at, at + len(word), kind)
    for at in occurrences(lowered, "key"):
        head = text[max(at - 20, 0) : at]
        if _KEY_HEAD.search(head) or (text[at : at + 3] == "KEY" and _NAMED_KEY.search(head)):
            yield from _named(text, at, at + 3, "api_key")
    for at in occurrences(lowered, "pwd="):
        yield from _named(text, at, at + 3, "password")
    yield from _headers(text, lowered)
    yield from _pairs(text, lowered)
    yield from _urls(text)
    yield from _keys_in_hex(text, lowered)
    yield from _options(text, lowered)


def _named(text: str, begin: int, end: int, kind: str) -> Iterator[SecretSpan]:
    """A value behind a name: `kind` decides what can be one."""
    if kind == "password":
        end += 4 if text[end : end + 4].lower() in {"word", "code"} else 2 if text[end : end + 2].lower() == "wd" else 0
        end += 6 if text[end : end + 6].lower() == "phrase" else 0
    match = _ASSIGNED.match(text, end)
    if not match:
        return
    head = _NAME_BEFORE.search(text, max(begin - 32, 0), begin)
    name = head[0] if head else ""
    separator = match["sep"].strip()
    if not separator and not _takes_blank(name, text[begin:end], match):
        return
    if separator == ">" and not (match["close"] == "" and text[begin - len(name) - 1 : begin - len(name)] == "<"):
        return
    if kind == "password" and end - begin == 4 and not name and not match["close"] and separator != "=":
        return  # the verdict of a test, not a name
    tail = match["tail"]
    if (tail and _OTHER_TAIL.search(tail)) or _OTHER_HEAD.search(name):
        return
    quoted = bool(match["open"])
    value = (_QUOTED_VALUE if quoted else _BARE_VALUE).match(text, match.end())
    if value is None:
        return
    start, stop = value.start(), value.end()
    if kind == "password" and name in {"", "-", "--"} and not tail and text[begin:end].lower() == "pass":
        yield from _pool_password(text, start, stop)
    elif _plausible(kind, text, start, stop, quoted=quoted, assigned=_shell_like(name, text[begin:end], match)):
        yield SecretSpan(kind, start, stop)


def _takes_blank(name: str, word: str, match: re.Match[str]) -> bool:
    """A blank assigns only behind an option (`--password X`, `add-authtoken X`) and in SQL (`PASSWORD 'X'`)."""
    if match["close"]:
        return False
    return (
        name.startswith("-")
        or name.endswith("-auth")
        or match["tail"].lower() == "_access_key"
        or (word == "PASSWORD" and bool(match["open"]))
    )


def _shell_like(name: str, word: str, match: re.Match[str]) -> bool:
    """`NAME=value` without blanks, and options: there any word may be a password."""
    return name.startswith("-") or (match["sep"] == "=" and (name + word).isupper())


def _plausible(kind: str, text: str, start: int, stop: int, *, quoted: bool, assigned: bool) -> bool:
    value = text[start:stop].rstrip(".,;:)") if not quoted else text[start:stop].strip()
    if len(value) < 3 or _PLACEHOLDER.match(value) or "[masked" in value:
        return False
    if kind == "secret" and assigned and len(value) >= 8 and not _called(text, stop, quoted=quoted):
        return True
    if kind != "password":
        return _token_like(value) and not _called(text, stop, quoted=quoted)
    if not quoted and not assigned and (_WORD.fullmatch(value) or _called(text, stop, quoted=quoted)):
        return False
    if " " in value and not (_MIXED.match(value) and value.count(" ") < 4):
        return False
    return len(value) >= 4 or bool(_MIXED.match(value))


def _called(text: str, stop: int, *, quoted: bool) -> bool:
    return not quoted and text[stop : stop + 1] in {"(", "["}


def _token_like(value: str) -> bool:
    """Letters and digits mixed, long, no words with signs between, and no wallet address."""
    if not _TOKEN.fullmatch(value) or not _MIXED.match(value) or _LOWER_WORDS.fullmatch(value):
        return False
    return len(set(value)) >= 6 and not any(found.start == 0 for found in addresses.find(value))


def _pool_password(text: str, start: int, stop: int) -> Iterator[SecretSpan]:
    """What a miner calls a password: a worker's label, at times with an e-mail address or a real password behind it."""
    value = text[start:stop]
    label, colon, behind = value.partition(":")
    if colon and behind:
        if not _EMAIL.fullmatch(behind) and not _PLACEHOLDER.match(behind):
            yield SecretSpan("password", start + len(label) + 1, stop)
    elif not _LABEL.fullmatch(value) and not _PLACEHOLDER.match(value) and "[masked" not in value:
        yield SecretSpan("password", start, stop)


def _headers(text: str, lowered: str) -> Iterator[SecretSpan]:
    for at in occurrences(lowered, "authorization"):
        match = _HEADER.match(text, at)
        if match and (match["scheme"] or _token_like(match["s"])) and not _PLACEHOLDER.match(match["s"]):
            yield SecretSpan("authorization", *match.span("s"))
    for at in occurrences(lowered, "bearer"):
        match = _BEARER.match(text, at)
        if match and _MIXED.match(match["s"]):
            yield SecretSpan("bearer", *match.span("s"))


def _pairs(text: str, lowered: str) -> Iterator[SecretSpan]:
    """A password beside its user: `.netrc`, a registry's login file, `auth=(user, password)`, `sudo -S <<< ..`."""
    for word, pattern in (("login", _NETRC), ("auth", _REGISTRY), ("auth", _CALL_PAIR), ("sudo -s", _SUDO_HERE)):
        for at in occurrences(lowered, word) if word in lowered else ():
            match = pattern.match(text, at)
            if (
                match
                and not _PLACEHOLDER.match(match["s"])
                and (word != "login" or "machine" in text[max(at - 160, 0) : at])
            ):
                yield SecretSpan("password", *match.span("s"))


def _urls(text: str) -> Iterator[SecretSpan]:
    for at in occurrences(text, "://"):
        match = _USERINFO.match(text, at + 3)
        if not match:
            continue
        scheme = _SCHEME.search(text, max(at - 21, 0), at)
        if scheme and scheme[0].lower().startswith("stratum"):
            yield from _pool_password(text, *match.span("s"))
        elif not _PLACEHOLDER.match(match["s"]) and "[masked" not in match["s"]:
            yield SecretSpan("url_password", *match.span("s"))


def _keys_in_hex(text: str, lowered: str) -> Iterator[SecretSpan]:
    """64 hexadecimal digits behind a name of a key: elsewhere they are a hash or a transaction."""
    for word in ("priv", "spend", "viewkey", "view key", "view_key", "secret", "seed", "mnemonic", "from_key"):
        for at in occurrences(lowered, word):
            match = _KEY_HEX.match(text, at)
            if match and not _NOT_A_KEY.search(text, at, match.start("s")):
                yield SecretSpan("private_key_hex", *match.span("s"))


def _options(text: str, lowered: str) -> Iterator[SecretSpan]:
    for tool, pattern in _TOOLS:
        for at in occurrences(lowered, tool) if tool in lowered else ():
            match = pattern.match(text, at + len(tool))
            if match and not _PLACEHOLDER.match(match["s"]) and not match["s"].startswith("-"):
                yield SecretSpan("password", *match.span("s"))
    for reader in _FED_TO:
        for at in occurrences(text, reader) if reader in text else ():
            line = max(text.rfind("\n", 0, at), at - 400)
            for match in _FED.finditer(text, max(line, 0), at):
                if not _PLACEHOLDER.match(match["s"]):
                    yield SecretSpan("password", *match.span("s"))
    for at in occurrences(text, " -p ") if "stratum" in lowered or _MINER_POOL.search(text) else ():
        match = _MINER_PASS.match(text, at)
        if match and _MINER_POOL.search(text, max(at - 600, 0), at + 200):
            yield from _pool_password(text, *match.span("s"))

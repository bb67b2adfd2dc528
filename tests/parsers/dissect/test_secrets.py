"""Secrets planted in five forms, evidence that must stay, and what must hold for any text. All keys are made here."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shlex
import string
import time
import urllib.parse
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic

from parsers.checksums import BASE58
from parsers.dissect.readings import percent_decoded, readings, unescaped, without_hidden
from parsers.dissect.secrets import mask, spans

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
WALLET = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
SEEDS = (1, 2, 3)


def base58check(data: bytes) -> str:
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = BASE58[rest] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def planted(seed: int) -> dict[str, tuple[str, str]]:
    """Name of a sample: template with `{}` where the secret stands, secret."""
    chance = random.Random(seed)

    def word(length: int, signs: str = ALNUM) -> str:
        return "".join(chance.choice(signs) for _ in range(length))

    def password() -> str:
        lower, upper = word(4, string.ascii_lowercase), word(3, string.ascii_uppercase)
        return lower + word(3, string.digits) + upper + chance.choice("!@%^*_+") + word(2)

    def some_bytes(length: int) -> bytes:
        return chance.randbytes(length)

    phrases = Mnemonic("english")
    words = phrases.to_mnemonic(some_bytes(16)).split()
    key_id = "AKIA" + word(16, string.ascii_uppercase + "234567")
    jwt = ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1","iat":1516239022}', some_bytes(32))
    )
    return {
        "aws id": ("export AWS_ACCESS_KEY_ID={}", key_id),
        "aws secret": ('aws_secret_access_key = "{}"', word(40, ALNUM + "/+")),
        "aws secret in environment": ("AWS_SECRET_ACCESS_KEY={} terraform apply", word(40, ALNUM + "/+")),
        "aws secret beside its id": (f"configure: {key_id} {{}} us-east-1", word(40, ALNUM + "/+")),
        "aws session": ("aws_session_token={}", word(200, ALNUM + "/+")),
        "google api key": ("key={}", "AIza" + word(35, ALNUM + "_-")),
        "google oauth": ("it is {}", "ya29." + word(80, ALNUM + "_-")),
        "google service account": (
            '{"private_key":"-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n"}',
            word(900),
        ),
        "azure storage": ("AccountName=x;AccountKey={};E=y", base64.b64encode(some_bytes(64)).decode()),
        "azure client": ("client_secret={}", word(3) + "8Q~" + word(34, ALNUM + "_-.~")),
        "github": ("git clone https://x:{}@github.com/a/b", "ghp_" + word(36)),
        "github fine-grained": ("use {}", "github_pat_" + word(22) + "_" + word(59)),
        "gitlab": ("PRIVATE-TOKEN: {}", "glpat-" + word(20, ALNUM + "_-")),
        "slack": ("{}", f"xoxb-{word(12, string.digits)}-{word(12, string.digits)}-{word(24)}"),
        "slack hook": ("POST https://hooks.slack.com/services/{}", f"T{word(8)}/B{word(8)}/{word(24)}"),
        "openai": ("OPENAI_API_KEY={}", "sk-" + word(48)),
        "openai project": ("key {}", "sk-proj-" + word(156, ALNUM + "_-")),
        "anthropic": ("{}", "sk-ant-api03-" + word(93, ALNUM + "_-") + "AA"),
        "stripe": ("{}", "sk_live_" + word(24)),
        "hugging face": ("huggingface-cli login --token {}", "hf_" + word(34, string.ascii_letters)),
        "npm": ("{}", "npm_" + word(36)),
        "pypi": ("{}", "pypi-AgEIcHlwaS5vcmc" + word(120, ALNUM + "_-")),
        "sendgrid": ("{}", f"SG.{word(22, ALNUM + '_-')}.{word(43, ALNUM + '_-')}"),
        "digitalocean": ("{}", "dop_v1_" + word(64, HEX)),
        "twilio": ("account {}", "SK" + word(32, HEX)),
        "telegram": ("bot {}", f"{word(10, '123456789')}:AA{word(33, ALNUM + '_-')}"),
        "discord": ('discord_token="{}"', f"{word(24)}.{word(6)}.{word(27, ALNUM + '_-')}"),
        "runpod": ("{}", "rpa_" + word(40, string.ascii_uppercase + string.digits)),
        "ngrok": ("ngrok config add-authtoken {}", f"{word(27)}_{word(21)}"),
        "vault": ("{}", "hvs." + word(90, ALNUM + "_-")),
        "jwt": ("cookie {}", jwt),
        "rsa key": (
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
            "\n".join(word(64) for _ in range(6)),
        ),
        "ssh key": (
            "cat: -----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXktdjE" + word(300),
        ),
        "key cut off": ("-----BEGIN EC PRIVATE KEY-----\n{}", word(120)),
        "password in a url": ("https://admin:{}@pool.example/api", word(14)),
        "bearer": ("curl -H 'Authorization: Bearer {}' https://h.example", word(40)),
        "basic": ("Authorization: Basic {}", base64.b64encode(b"joe:" + password().encode()).decode()),
        "api key header": ('curl -H "X-API-Key: {}" https://h.example', word(32)),
        "mysql": ("mysql -u root -p{} db", password()),
        "sshpass": ("sshpass -p '{}' ssh u@h.example", password()),
        "password option": ("tool --password {} x", password()),
        "password in environment": ("DB_PASSWORD={} ./run", password()),
        "password in yaml": ("  wallet_password: {}\n", password()),
        "password in json": ('{"user": "joe", "password": "{}"}', password()),
        "curl user": ("curl -u joe:{} https://h.example", password()),
        "redis": ("redis-cli -a {} ping", password()),
        "docker login": ("docker login -u joe -p {} reg.example", password()),
        "fed to sudo": ("echo '{}' | sudo -S ls", password()),
        "openssl": ("openssl enc -pass pass:{}", password()),
        "archive": ("7z x -p{} a.7z", password()),
        "behind a worker": ("./m -o pool.example:3333 -u W -p worker1:{}", password()),
        "token": ("token={}", word(32)),
        "client secret": ("client_secret: {}", word(32)),
        "password hash": ("root:{}:19000:0:99999:7:::", f"$6${word(12)}${word(86, ALNUM + './')}"),
        "twelve words": ("seed phrase: {}", " ".join(words)),
        "twenty-four words": ("{}", phrases.to_mnemonic(some_bytes(32))),
        "numbered words": ("backup:\n{}", "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1))),
        "listed words": ('"mnemonic": {}', json.dumps(words)),
        "monero words": ("{}", " ".join(monero_words(chance))),
        "ethereum key": ("PRIVATE_KEY=0x{}", word(64, HEX)),
        "monero spend key": ("spend key: {}", word(64, HEX)),
        "monero view key": ("Secret view key: {}", word(64, HEX)),
        "solana key pair": ("cat id.json {}", json.dumps([chance.randrange(256) for _ in range(64)])),
        "compressed wif": ("wif {}", base58check(b"\x80" + some_bytes(32) + b"\x01")),
        "wif": ("{}", base58check(b"\x80" + some_bytes(32))),
        "extended key": ("{}", base58check(b"\x04\x88\xad\xe4" + some_bytes(74))),
    }


def monero_words(chance: random.Random) -> list[str]:
    """25 invented words whose last is the checksum word of the others."""
    words: dict[str, str] = {}
    while len(words) < 24:
        word = "".join(chance.choice(string.ascii_lowercase) for _ in range(chance.randint(4, 9)))
        words.setdefault(word[:3], word)
    return [*words.values(), list(words.values())[zlib.crc32("".join(words).encode()) % 24]]


def forms(template: str, secret: str) -> Iterator[tuple[str, str, str]]:
    """Name of a form, text, and the secret as it stands in that text."""
    text = template.replace("{}", secret)
    split = "\u200b".join(secret[at : at + 3] for at in range(0, len(secret), 3))
    yield "raw", f"run this\n{text}\nend", secret
    yield "json", json.dumps({"content": f"run {text}\nnow"}), json.dumps(secret)[1:-1]
    yield "url", f"q={urllib.parse.quote(f'x {text} y', safe='')}&b=1", urllib.parse.quote(secret, safe="")
    yield "shell", f"bash -c {shlex.quote(f'{text} ; ls')}", secret.replace("'", "'\"'\"'")
    yield "zero width", template.replace("{}", split), split


def shows(text: str, secret: str) -> bool:
    """Whether eight signs in a row of the secret are still to be read."""
    length = min(8, len(secret))
    return any(secret[at : at + length] in text for at in range(len(secret) - length + 1))


@pytest.mark.parametrize("name", planted(1))
def test_planted_secret_is_masked_in_every_form(name):
    for seed in SEEDS:
        template, secret = planted(seed)[name]
        for form, text, written in forms(template, secret):
            assert not shows(mask(text), written), form


def test_recall_over_all_forms():
    found = total = 0
    for seed in SEEDS:
        for template, secret in planted(seed).values():
            for _, text, written in forms(template, secret):
                total += 1
                found += not shows(mask(text), written)
    assert total > 900
    assert found >= 0.95 * total


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mysql -u root -phunter2 db", "mysql -u root -p[masked:password] db"),
        ('{"password": "hunter2"}', '{"password": "[masked:password]"}'),
        ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": \\"[masked:password]\\"}'),
        ("https://joe:hunter2@h.example/x", "https://joe:[masked:url_password]@h.example/x"),
        ("PASSWORD=a1b2c3 TOKEN=x", "PASSWORD=[masked:password] TOKEN=x"),
        ("Authorization: Bearer abcdef0123456789abcd", "Authorization: Bearer [masked:authorization]"),
        ("echo hunter2 | sudo -S id", "echo [masked:password] | sudo -S id"),
        ("sudo -S id <<< hunter2", "sudo -S id <<< [masked:password]"),
        ("auth=('u', 'p4ss')", "auth=('u', '[masked:password]')"),
        ("machine h login joe password z1x2", "machine h login joe password [masked:password]"),
        ("./m -o p:1 -p Sup3rS3cret!x", "./m -o p:1 -p [masked:password]"),
        ("./m -o p:1 -p rig7:hunter2", "./m -o p:1 -p rig7:[masked:password]"),
        ("stratum+tcp://w:Sup3rS3cret!x@p:1", "stratum+tcp://w:[masked:password]@p:1"),
        ("password=%68unter2%21 x", "password=[masked:password] x"),
        (base64.b64encode(b"user joe password=hunter2 end").decode(), "[masked:password]"),
        ("İ password=hunter2", "İ password=[masked:password]"),
    ],
)
def test_mask_takes_the_secret_and_no_more(text, masked):
    assert mask(text) == masked


KEPT = [
    f"./xmrig -o pool.example:3333 -u {WALLET} -p x",
    f"./xmrig -o pool.example:3333 -u {WALLET}.rig-07 -p rig-07 -k",
    "./xmrig -o pool.example:3333 -p worker1:joe@h.example",
    "./xmrig -o pool.example:3333 -p c=BTC,mc=XMR",
    f'{{"url": "pool.example:3333", "user": "{WALLET}", "pass": "x"}}',
    f"stratum+tcp://{WALLET}.w1:x@pool.example:3333",
    f"wallet={WALLET}&pass=x",
    f"token: {WALLET}",
    "token: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "txid: " + "ab12" * 16,
    "block hash 0x" + "a1" * 32,
    "public_key: " + "a1" * 32,
    "secret_sha256: " + "0f" * 32,
    "commit 3f786850e387550fdab836ed7e6dc881de23001b, pid 12345",
    "SSH SHA256:" + "a" * 43,
    "arn:aws:iam::123456789012:role/x i-0123456789abcdef0",
    "max_tokens: 4096, token_count=12, token_type: bearer",
    "password: str = None",
    "password = request.form['password']",
    "def login(user, password=None):",
    "token = tokenizer.encode(text)",
    "if password == user.password:",
    "api_key = os.environ['API_KEY']",
    "Authorization: Bearer $TOKEN",
    "curl -u $USER:$PASS https://h.example; https://u:$PASS@h.example/",
    "mkdir -p build/x; ssh -p 2222 u@h; docker run -p 8080:80 img",
    "--- PASS: TestSomething (0.00s)",
    "password incorrect; Enter password: ; the secret of success",
    "PASSWORD_MIN_LENGTH=8 GH_TOKEN=${{ secrets.GH_TOKEN }}",
    "git clone git@github.com:a/b; sk-learn-contrib-project-names",
    "abandon ability able about above absent absorb abstract absurd abuse access accident",
    "legal winner thank year wave sausage worth useful legal winner thank year",
    "password=[masked:password]",
]


@pytest.mark.parametrize("text", KEPT)
def test_evidence_and_code_are_left_alone(text):
    assert mask(text) == text


def test_extended_key_is_masked_damaged_too():
    key = base58check(b"\x04\x88\xad\xe4" + bytes(74))
    assert mask(f"k {key[:-1]}A") == "k [masked:extended_private_key]"


def test_word_list_is_no_phrase():
    assert spans("\n".join(Mnemonic("english").wordlist)) == []


def test_phrase_needs_its_checksum():
    words = Mnemonic("english").to_mnemonic(bytes(range(16))).split()
    assert [span.kind for span in spans(" ".join(words))] == ["seed_phrase"]
    swapped = [words[1], words[0], *words[2:]]
    assert not Mnemonic("english").check(" ".join(swapped))
    assert spans(" ".join(swapped)) == []


def test_phrase_is_found_inside_other_words_of_the_list():
    phrase = Mnemonic("english").to_mnemonic(bytes(range(1, 17)))
    assert not shows(mask(f"wallet {phrase} zoo"), phrase)


SIGNS = [
    "password",
    "=",
    ":",
    '"',
    "\\",
    "\\n",
    "\\u0041",
    "%41",
    "\u200b",
    "\0",
    "é",
    "İ",
    " ",
    "\n",
    "token",
    "key",
    "-p ",
]
SIGNS += [
    "abc123XYZ",
    "://",
    "@",
    "AKIA",
    "A" * 16,
    "sk-",
    "1" * 20,
    "-----BEGIN PRIVATE KEY-----",
    "mysql",
    "abandon ",
]
SIGNS += ["about ", "[masked:", "]", "'", "{", "\ud800"]
TEXTS = st.text(max_size=200) | st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_any_text_has_spans_in_order_inside_it(text):
    found = spans(text)
    assert found == spans(text)
    last = 0
    for span in found:
        assert last <= span.start < span.end <= len(text)
        last = span.end
    assert bool(found) == (mask(text) != text)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_masked_secrets_stay_masked(text):
    once = mask(text)
    assert mask(once) == once


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_readings_point_back_into_the_text(text):
    escaped = json.dumps(text)
    reading = unescaped(escaped)
    for at in range(len(reading.text)):
        begin, end = reading.place(at, at + 1)
        assert 0 <= begin < end <= len(escaped)
    assert reading.place(0, len(reading.text)) == (0, len(escaped))


def test_readings_of_escaped_texts():
    assert unescaped('a\\u003db\\/c\\n"').text == 'a=b/c\n"'
    assert without_hidden("a\u200bb\ufeffc").text == "abc"
    assert without_hidden("a\u200bb\ufeffc").place(1, 3) == (2, 5)
    assert without_hidden("plain é") is None
    assert percent_decoded("x a%3Db%20c y").text == "a=b c\n"
    assert percent_decoded("x a%3Db%20c y").place(1, 2) == (3, 6)
    assert [reading.how for reading in readings("plain text \\n")] == []
    nested = next(iter(readings("a\\u200bb \\u200b")))
    assert nested.how == "json"


REPEATED = ["password=", "token=", "key=", "mysql -p", "curl -u a:", "://a:", "eyJ", "-----BEGIN PRIVATE KEY-----"]
REPEATED += [
    "-----BEGIN ",
    "authorization: ",
    "echo x | sudo -S ",
    "abandon ",
    "%41",
    "%41 ",
    "\\u0041",
    "\u200bA",
    "5K",
]
REPEATED += ["xprv", "AKIA", "$6$", ":AA", "sig=", "[1,", " -p x -o ", "a@", "\0", "İ", "<password>", "\"'`\\", "word "]


@pytest.mark.parametrize("piece", REPEATED)
def test_repetition_takes_linear_time(piece):
    begun = time.process_time()
    spans(piece * (65_536 // len(piece)))
    assert time.process_time() - begun < 1


@pytest.mark.shared
def test_real_transcripts_are_hardly_masked(shared):
    size = masks = 0
    for path in sorted((shared / "data" / "transcripts").glob("*/*.jsonl")):
        for line in path.read_text("utf-8", "backslashreplace").splitlines():
            size += len(line)
            masks += len(spans(line))
    assert size > 10_000_000
    assert masks < size / 1_000_000

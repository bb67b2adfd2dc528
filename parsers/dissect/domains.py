"""Word lists by which a name of a host is told from the name of a file or an attribute.

Source: IANA's root zone for what is a top-level domain, as far as pools, mirrors, tunnels and clouds use them; the rest
from what stood in real transcripts and was no host.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# a bare name is taken under these ..
SURE = _words("com net org edu gov mil io info biz xyz onion i2p eu de ru cn uk fr nl cloud network stream")
# .. and under these if it has two labels before them
SPARSE = _words(
    "ai dev app co us ca au br jp kr ch se ua cz hk tw gg tv ws pro top site online store tech space club local "
    "internal lan"
)
# further ones with more than two letters, taken where something else says that a host is meant; any two letters are
KNOWN = SURE | SPARSE | _words(
    "example test invalid localhost home corp arpa name mobi asia live run host link click download website finance "
    "exchange money trade works tools systems services solutions global world digital agency media zone codes academy "
    "ninja rocks wtf fun vip win bid loan work science party gdn icu cyou"
)  # fmt: skip
FILE_ENDINGS = _words(
    "py go rs ts js jsx tsx c h cc hh cpp hpp cxx java rb sh bash md txt json yml yaml toml lock log cfg conf ini html "
    "htm css xml sql php pl lua so mod sum proto tf ps pm cs fs kt ex exs vb mk am ac in el hs ml mm nu po gz xz db "
    "zip tar tgz bz2 env bak tmp out bin exe dll png jpg svg gif pdf csv tsv ipynb swift scala gradle"
)
# what stands before a dot in code
CODE_HEADS = _words(
    "self this cls super args cfg config model opt options params obj ctx state data np pd tf torch java javax scipy "
    "skimage sklearn std fs os sys io logger log logging console cli app user request req res response nn sim img "
    "window document module exports process item row"
)
LOGINS = _words("root git ubuntu ec2-user admin debian centos azureuser opc core vagrant pi deploy miner")
CONNECTING_TOOLS = ("ssh", "ping", "dig", "nslookup", "whois", "traceroute", "telnet", "nc", "curl", "wget", "host")

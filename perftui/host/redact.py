"""Secrets are taken out of text before it leaves this host. In doubt it goes: a lost word costs less than a key.

Three things give a secret away: the name before it (``password=``, ``--token X``, ``Authorization: Bearer``), its place
(``user:secret@host``, ``mysql -pSECRET``), and its own shape (``AKIA…``, ``ghp_…``, a JSON web token, a PEM key).
"""

import re

HIDDEN = "[redacted]"

LONGEST = 4096
"""Characters that are looked at: some rules take time that grows with the square. Command lines are cut far earlier."""

CUT = "[the rest is cut: too long to be searched for secrets]"

_NAME = (
    r"(?:pass|pwd|secret|token|cred|cookie|session|auth|signature|key|salt|dsn|private|bearer|jwt|webhook"
    r"|conn[\w-]{0,9}str)[\w.-]{0,100}+"
)
"""The end of a word that says that what follows is not for everybody. ``monkey=`` is one too: that is the doubt.

Possessive, like all repetitions that could try again: strangers choose these texts.
"""

_SHORT = r"(?:pw|(?<![a-z0-9])pin)"
"""Too short to be looked for within words: these end one."""

_PORT = r"(?:\d[\d.]*:)?\d{1,5}(?::\d{1,5})?(?:/\w+)?(?!\S)"
"""``8080``, ``127.0.0.1:8080:80/tcp``: what ``-p`` means where it is no password."""

_AWS_ID = r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}"

_QUOTED = r'"(?:[^"\\]|\\.)*"?|' + r"'(?:[^'\\]|\\.)*'?"
"""An unclosed quote reaches to the end: long command lines are cut."""

_SCHEME = r"(?:(?:bearer|basic|digest|negotiate|token)\s+)?"


def _rule(pattern: str, replacement: str, flags: int = re.IGNORECASE) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, flags | re.DOTALL), replacement


_RULES = (
    _rule(r"-----BEGIN [A-Z ]*PRIVATE KEY.*", HIDDEN),
    # The secret has no shape of its own: it is known by the id before it, so this comes before ids are hidden.
    _rule(rf"{_AWS_ID}(\W.{{0,64}}?)(?<![\w+/])[\w+/]{{40}}(?![\w+/])", rf"{HIDDEN}\g<1>{HIDDEN}", 0),
    # The boundaries between arguments are lost in a command line, so a secret may hold spaces: up to the next option.
    _rule(
        rf"((?<!\S)--?[\w.-]{{0,100}}(?:{_NAME}|{_SHORT})(?:=|\s+(?!-)))(?:{_QUOTED}|.+?)(?=\s--?\w|$)",
        rf"\g<1>{HIDDEN}",
    ),
    _rule(
        rf"((?:{_NAME}|{_SHORT})[\"']?\s*+(?::=|=>|[=:]|%3D)\s*){_SCHEME}(?:{re.escape(HIDDEN)}|{_QUOTED}|\S+)",
        rf"\g<1>{HIDDEN}",
    ),
    _rule(r"(\b(?:bearer|basic)\s+)[\w+/=.~-]{6,}", rf"\g<1>{HIDDEN}"),
    # All between // and the last @ of the word: a password may hold any sign, and some tokens stand for the user.
    _rule(r"(://)(?:[^\s:/@]*:\S*|[^\s:/@]{16,})(?=@)", rf"\g<1>{HIDDEN}"),
    _rule(r"((?<![:\w])//[^\s:/@]+:)\S+(?=@)", rf"\g<1>{HIDDEN}"),
    _rule(r"((?:[?&]|%3F|%26)(?:sig|code)(?:=|%3D))[^\s&\"']+", rf"\g<1>{HIDDEN}"),
    _rule(r"(\bhooks\.slack(?:-gov)?\.com/\w+/)\S+", rf"\g<1>{HIDDEN}"),
    _rule(r"(\bapi\.telegram\.org/(?:file/)?bot)[^\s/]+", rf"\g<1>{HIDDEN}"),
    _rule(r"((?<![\w.+/-])[\w.+-]++:)[^\s/]+(?=@[\w.\[-])", rf"\g<1>{HIDDEN}"),
    _rule(r"((?<!\S)(?:-u|-U|--user|--proxy-user)[\s=]?[^\s:%]+[:%])\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\b(?:mysql|mariadb|sshpass|zip|unzip|7z|rar)[\w-]*\s(?:.*?\s)?-[pP]\s?)(?!-)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(
        r"(\b(?:docker|podman|nerdctl|buildah|skopeo|helm|oras)\s(?:.{0,60}?\s)?login\s(?:.*?\s)?-p[\s=]?)(?!-)\S+",
        rf"\g<1>{HIDDEN}",
        0,
    ),
    _rule(
        rf"(\bmongo(?:sh|dump|restore|export|import|stat|top|files)?\s(?:.*?\s)?-p\s?)(?!-|{_PORT})\S+",
        rf"\g<1>{HIDDEN}",
        0,
    ),
    _rule(r"(\b(?:sqlcmd|bcp|ipmitool)\s(?:.*?\s)?-P\s?)(?!-)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\bcurl\s(?:.*?\s)?-[\w#]{1,20}[uU]\s?[^\s:]+:)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\b(?:https?|xhs?|ab)\s(?:.*?\s)?-[aA]\s?[^\s:]+:)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\blftp\s(?:.*?\s)?-u\s?[^\s,]+,)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\buser(?:name)?=[^\s%,;&]+%)[^\s,;&]+", rf"\g<1>{HIDDEN}"),
    _rule(r"(\b(?:sqlplus|sqlldr|expdp|impdp|rman)\s(?:.*?\s)?[\"']?[\w$#.]+/)(?:\S+(?=@)|\S+)", rf"\g<1>{HIDDEN}"),
    # Here it is one of the words, and which one hangs on the options before: all of them go.
    _rule(r"(\bvault\s+login\s+).+", rf"\g<1>{HIDDEN}"),
    _rule(r"(\bhtpasswd\s(?:.*?\s)?-[a-zA-Z]*b[a-zA-Z]*\s+).+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\bredis-cli\s(?:.*?\s)?-a\s+)\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\bldap\w+\s(?:.*?\s)?-w\s?)(?!-)\S+", rf"\g<1>{HIDDEN}", 0),
    # After a telling name anything that no person would type.
    _rule(rf"({_NAME}[\s/,;|]+)[0-9a-f]{{16,}}\b", rf"\g<1>{HIDDEN}"),
    _rule(
        rf"((?i:{_NAME})[\s/,;|]+)(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])[\w+=-]{{20,}}",
        rf"\g<1>{HIDDEN}",
        0,
    ),
    # Keys that tell by their first letters whose they are.
    _rule(_AWS_ID, HIDDEN, 0),
    _rule(r"\bAGE-SECRET-KEY-1\w+", HIDDEN),
    _rule(
        r"\b(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|[rs]k_(?:live|test)_|npm_|pypi-|hf_|dop_v1_)[\w-]{10,}",
        HIDDEN,
        0,
    ),
    _rule(r"\b(?:sk-|AIza|ya29\.|SG\.|shpat_|EAAC)[\w.-]{16,}", HIDDEN, 0),
    _rule(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?", HIDDEN, 0),
)


def redact(text: str) -> str:
    """The text with every secret that can be told replaced by ``[redacted]``; doing it twice changes nothing more.

    What is beyond ``LONGEST`` characters is replaced by ``CUT``, with the word that it begins in: half a secret may
    not be known as one.
    """
    if len(text) > LONGEST:
        whole_words = re.match(r".*\s", text[: LONGEST - len(CUT)], re.DOTALL)
        text = (whole_words[0] if whole_words else "") + CUT
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text

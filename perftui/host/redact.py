"""Secrets are taken out of text before it leaves this host. In doubt it goes: a lost word costs less than a key.

Three things give a secret away: the name before it (``password=``, ``--token X``, ``Authorization: Bearer``), its place
(``user:secret@host``, ``mysql -pSECRET``), and its own shape (``AKIA…``, ``ghp_…``, a JSON web token, a PEM key).
"""

import re

HIDDEN = "[redacted]"

_NAME = (
    r"(?:pass|pwd|secret|token|cred|cookie|session|auth|signature|key|salt|dsn|private|bearer|jwt|webhook"
    r"|conn[\w-]{0,9}str)[\w.-]*+"
)
"""The end of a word that says that what follows is not for everybody. ``monkey=`` is one too: that is the doubt.

Possessive, like all repetitions that could try again: strangers choose these texts.
"""

_QUOTED = r'"(?:[^"\\]|\\.)*"?|' + r"'(?:[^'\\]|\\.)*'?"
"""An unclosed quote reaches to the end: long command lines are cut."""

_SCHEME = r"(?:(?:bearer|basic|digest|negotiate|token)\s+)?"


def _rule(pattern: str, replacement: str, flags: int = re.IGNORECASE) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, flags | re.DOTALL), replacement


_RULES = (
    _rule(r"-----BEGIN [A-Z ]*PRIVATE KEY.*", HIDDEN),
    # The boundaries between arguments are lost in a command line, so a secret may hold spaces: up to the next option.
    _rule(rf"((?<!\S)--?[\w.-]*{_NAME}(?:=|\s+(?!-)))(?:{_QUOTED}|.+?)(?=\s--?\w|$)", rf"\g<1>{HIDDEN}"),
    _rule(
        rf"({_NAME}[\"']?\s*+(?::=|=>|[=:]|%3D)\s*){_SCHEME}(?:{re.escape(HIDDEN)}|{_QUOTED}|\S+)", rf"\g<1>{HIDDEN}"
    ),
    _rule(r"(\b(?:bearer|basic)\s+)[\w+/=.~-]{6,}", rf"\g<1>{HIDDEN}"),
    # All between // and the last @ of the word: a password may hold any sign, and some tokens stand for the user.
    _rule(r"(://)(?:[^\s:/@]*:\S*|[^\s:/@]{16,})(?=@)", rf"\g<1>{HIDDEN}"),
    _rule(r"((?<![\w.+/-])[\w.+-]++:)[^\s/]+(?=@[\w.\[-])", rf"\g<1>{HIDDEN}"),
    _rule(r"((?<!\S)(?:-u|-U|--user|--proxy-user)[\s=]?[^\s:%]+[:%])\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\b(?:mysql|mariadb|sshpass|zip|unzip|7z|rar)[\w-]*\s(?:.*?\s)?-[pP]\s?)(?!-)\S+", rf"\g<1>{HIDDEN}", 0),
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
    _rule(r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}", HIDDEN, 0),
    _rule(
        r"\b(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|[rs]k_(?:live|test)_|npm_|pypi-|hf_|dop_v1_)[\w-]{10,}",
        HIDDEN,
        0,
    ),
    _rule(r"\b(?:sk-|AIza|ya29\.|SG\.|shpat_|EAAC)[\w.-]{16,}", HIDDEN, 0),
    _rule(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?", HIDDEN, 0),
)


def redact(text: str) -> str:
    """The text with every secret that can be told replaced by ``[redacted]``; doing it twice changes nothing more."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text

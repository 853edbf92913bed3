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

_SHORT = r"(?:pw|(?<![a-z0-9])(?:pin|psk))"
"""Too short to be looked for within words: these end one."""

_PORT = r"(?:\d[\d.]*:)?\d{1,5}(?::\d{1,5})?(?:/\w+)?(?!\S)"
"""``8080``, ``127.0.0.1:8080:80/tcp``: what ``-p`` means where it is no password."""

_AWS_ID = r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}"

_QUOTED = r'"(?:[^"\\]|\\.)*"?|' + r"'(?:[^'\\]|\\.)*'?"
"""An unclosed quote reaches to the end: long command lines are cut."""

_SCHEME = r"(?:(?:bearer|basic|digest|negotiate|token)\s+)?"

_GROUPED = r"[\[{][^\]}]*[\]}]?\S*"
"""A list or an object, up to its first end: what is in it has the name of the whole."""

_AWS_KEY = r"(?=(?:[A-Za-z+/]*\d){3})(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9+][A-Za-z0-9+/]{39}"
"""40 characters of base64. Three digits: a function's name may have as many letters."""


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
        rf"((?:{_NAME}|{_SHORT})[\\\"'\]]{{0,4}}+\s*+(?::=|=>|[=:]|%3D)\s*){_SCHEME}(?:{re.escape(HIDDEN)}|{_QUOTED}|{_GROUPED}|\S+)",
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
    _rule(r"((?<!\S)(?:-u|-U|--user|--proxy-user)[\s=]?(?!\d+:\d+(?!\S))[^\s:%]+[:%])\S+", rf"\g<1>{HIDDEN}", 0),
    _rule(r"(\buser(?:name)?=[^\s%,;&]+%)[^\s,;&]+", rf"\g<1>{HIDDEN}"),
    _rule(r"(\bjdbc:oracle:\w+:[^\s/@]+/)[^\s@]+", rf"\g<1>{HIDDEN}"),
    # After a telling name anything that no person would type.
    _rule(rf"({_NAME}[\s/,;|]+)[0-9a-f]{{16,}}\b", rf"\g<1>{HIDDEN}"),
    _rule(
        rf"((?i:{_NAME})[\s/,;|]+)(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])[\w+=-]{{20,}}",
        rf"\g<1>{HIDDEN}",
        0,
    ),
    # Keys that tell by their first letters whose they are.
    _rule(_AWS_ID, HIDDEN, 0),
    _rule(rf"(?<![\w+/=.-]){_AWS_KEY}(?![\w+/.-])", HIDDEN, 0),
    _rule(r"\bAGE-SECRET-KEY-1\w+", HIDDEN),
    _rule(
        r"\b(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|[rs]k_(?:live|test)_|npm_|pypi-|hf_|dop_v1_)[\w-]{10,}",
        HIDDEN,
        0,
    ),
    _rule(r"\b(?:sk-|AIza|ya29\.|SG\.|shpat_|EAAC)[\w.-]{16,}", HIDDEN, 0),
    _rule(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?", HIDDEN, 0),
)

_HERE = r"(?=\S)(?![wp]\s)"
"""Not ``-pw`` and ``-ap``: those are options of other programs, and the secret is the next word."""

_NEXT = r"\s+(?!-)"
_EITHER = rf"(?:{_HERE}|{_NEXT})"
_FIRST = r"\A\s+"

_PROGRAMS = (
    # The program (a pattern of its name), what stands before its secret.
    (r"mysql[\w.-]*|mariadb[\w.-]*", rf"-p{_HERE}"),
    (r"mysqladmin|nmcli", rf"password{_NEXT}"),
    (r"psql|pg_\w+|pgbench|(?:create|drop|vacuum|reindex|cluster)(?:db|user)", rf"-W{_NEXT}"),
    (r"mongo(?:sh|dump|restore|export|import|stat|top|files)?", rf"-p{_EITHER}(?!{_PORT})"),
    (r"redis-cli|valkey-cli|keydb-cli", rf"-a{_EITHER}"),
    (r"sqlcmd|bcp|sqsh|tsql|osql", rf"-P{_EITHER}"),
    (r"cqlsh|influx", rf"-p{_EITHER}"),
    (r"sqlplus|sqlldr|expdp|impdp|rman", rf"[\"']?[\w$#.]+/{_HERE}"),
    (r"db2", rf"using{_NEXT}"),
    (r"ipmitool|mosquitto_\w+", rf"-P{_EITHER}"),
    (r"racadm|rabbitmqadmin|elasticsearch-users|twine", rf"-p{_EITHER}"),
    (r"rabbitmqctl\s(?:.{0,60}?\s)??(?:add_user|change_password|authenticate_user)\s+\S+", _FIRST),
    (r"sshpass", rf"-p{_EITHER}"),
    (r"kinit|useradd|usermod", rf"-p{_EITHER}"),
    (r"snmp\w+", rf"-(?:c|A|X|3[mMkK]){_EITHER}"),
    (r"[xw]?l?freerdp\d?|sdl-freerdp\d?", rf"/(?:p|gp|pth|gat|assistance)[:=]{_HERE}"),
    (r"rdesktop|psexec|evil-winrm|crackmapexec|netexec|nxc|hydra|ncftp\w*", rf"-p{_EITHER}"),
    (r"impacket-\w+", rf"[^\s/:@]*/?[^\s/:@]+:{_HERE}"),
    (r"smbclient\s(?:.{0,60}?\s)??//\S+", rf"{_FIRST}(?!-)"),
    (r"ldap\w+", rf"-w{_EITHER}"),
    (r"zip|unzip|funzip", rf"-[a-zA-OQ-Z]*P{_EITHER}"),
    (r"7z\w*|rar|unrar", rf"-h?p{_HERE}"),
    (r"openssl", rf"-[kK]{_NEXT}"),
    (r"ss-(?:server|local|tunnel|redir)|sslocal|ssserver", rf"-k{_EITHER}"),
    (r"(?:docker|podman|nerdctl|buildah|skopeo|helm|oras|az)\s(?:.{0,60}?\s)??login", rf"-p{_EITHER}"),
    (r"kubectl|oc", r"--from-literal[=\s][^\s=]+="),
    (r"aws\s+configure\s+set|npm\s+config\s+set", rf"\S*(?i:key|token|_auth|password){_NEXT}"),
    (r"ngrok|cargo", rf"(?:authtoken|add-authtoken|login){_NEXT}"),
    (r"mc\s+(?:alias\s+set|config\s+host\s+add)(?:\s+\S+){3}", _FIRST),
    (r"grafana-cli|grafana", rf"reset-admin-password{_NEXT}"),
    (r"rclone", rf"obscure{_NEXT}"),
    (r"wpa_passphrase\s+\S+", _FIRST),
    (r"iwconfig|iw", rf"(?:key|keys){_NEXT}"),
    (r"swaks|sendemail", rf"-(?:ap|xp){_EITHER}"),
    (r"curl", rf"-[\w#]{{0,20}}[uU]\s?[^\s:]+:{_HERE}"),
    (r"curl", rf"-b{_EITHER}"),
    (r"curl", rf"(?:-E\s?|--cert[=\s])[^\s:]+:{_HERE}"),
    (r"https?|xhs?|ab|hey", rf"-[aA]\s?[^\s:]+:{_HERE}"),
    (r"lftp", rf"-u\s?[^\s,]+,{_HERE}"),
    # Here it is one of the words, and which one hangs on the options before: all of them go.
    (r"vault\s+login", ""),
    (r"htpasswd\s(?:\S++\s++)*?(?-i:-[ac-zA-Z]*+b[a-zA-Z]*+)", ""),
)
"""Options that mean a password in these programs, and a port, a path or a user in others."""


def _called(programs: str) -> str:
    return rf"(?<![\w-])(?i:{programs})(?i:\.exe)?(?=\s)"


def _habit(programs: str, before: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    program = re.compile(f"({_called(programs)})", re.DOTALL)
    return program, re.compile(rf"((?<!\S){before})(?:{_QUOTED}|\S+)", re.DOTALL)


_HABITS = tuple(_habit(programs, before) for programs, before in _PROGRAMS)

_ANY_PROGRAM = re.compile(_called("|".join(programs for programs, _ in _PROGRAMS)), re.DOTALL)
"""Most texts hold none of them, and to ask once takes 4 µs where to ask for each takes 55."""


def redact(text: str) -> str:
    """The text with every secret that can be told replaced by ``[redacted]``; doing it twice changes nothing more.

    What is beyond ``LONGEST`` characters is replaced by ``CUT``, with the word that it begins in: half a secret may
    not be known as one.
    """
    if len(text) > LONGEST:
        whole_words = re.match(r".*\s", text[: LONGEST - len(CUT)], re.DOTALL)
        text = (whole_words[0] if whole_words else "") + CUT
    # Rules come after: they may take a program's name for a part of a secret.
    for program, secret in _HABITS if _ANY_PROGRAM.search(text) else ():
        unnamed, *calls = program.split(text)  # the program, what follows it, the program again, …
        calls[1::2] = [secret.sub(rf"\g<1>{HIDDEN}", call) for call in calls[1::2]]
        text = unnamed + "".join(calls)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text

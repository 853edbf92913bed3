"""What must not leave the host does not, and what is harmless stays."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.redact import CUT, HIDDEN, LONGEST, redact

PLACES = (
    "app --password {}",
    "app --password={} --port 80",
    "app --db-password {} serve",
    "app -token {}",
    "PASSWORD={} app --serve",
    "env DB_PASSWORD={} MODE=x app",
    "API_KEY: {}",
    'curl -d {{"password": "{}"}}',
    "curl -d {{'secret' : '{}'}}",
    "curl -H Authorization: Bearer {} https://example.org",
    "curl -H X-Auth-Token: {}",
    "curl https://example.org/?user=x&access_token={}",
    "postgres://ann:{}@db.example.org/app",
    "amqp://:{}@mq:5672",
    "git clone https://{}:x-oauth-basic@example.org/a.git --secret-key {}",
    "rsync ann:{}@backup::files",
    "curl -u ann:{} https://example.org",
    "smbclient //srv/share -U ann%{}",
    "mysql -uroot -p{} shop",
    "mysqldump -h db -p{}",
    "sshpass -p {} ssh host",
    "redis-cli -h cache -a {} monitor",
    "ldapsearch -x -D cn=admin -w {}",
    "openssl rsa -passin pass:{}",
    "java -Djavax.net.ssl.keyStorePassword={} -jar app.jar",
    "AccountName=a;AccountKey={};",
    "SENTRY_DSN={}",
    "app --pw {}",
    "plink -pw {} host",
    "app --pw={} --port 80",
    "ADMIN_PW={} app",
    "app --pin {}",
    "docker login -u ann -p {} registry.example.org",
    "docker --debug login -p{}",
    "mongo -u ann -p {} host",
    "mongodump -p {}",
    "sqlcmd -S db -U sa -P {}",
    "ipmitool -H h -U ann -P {} power status",
    "curl -sSu ann:{} https://example.org",
    "http -a ann:{} example.org",
    "lftp -u ann,{} host",
    "mount.cifs -o user=ann%{},vers=3",
    "sqlplus scott/{}@db",
    "sqlplus -s scott/{}",
    "mount //ann:{}@srv/share /mnt",
    "https://a.example.org/b?sv=1&sig={}&se=2",
    "https://example.org/back?code={}&state=1",
    "https://hooks.slack.com/services/T00000000/B00000000/{}",
    "https://api.telegram.org/bot123456:{}/sendMessage",
    "vault login {}",
    "vault login -address https://vault.example.org {}",
    "htpasswd -b users ann {}",
    "htpasswd -nbB ann {}",
    "psql -h db -W {} shop",
    "kinit -p {}",
    "snmpget -v2c -c {} host 1.3.6.1",
    "snmpwalk -v 3 -l authPriv -u ann -a SHA -A {} -x AES -X {} host",
    "xfreerdp /u:ann /p:{} /v:host",
    "rdesktop -u ann -p {} host",
    "sshpass -p{} ssh host",
    "curl -H 'Authorization: Bearer {}' https://example.org",
    "curl -b sid={} https://example.org",
    "curl --cert client.pem:{} https://example.org",
    "mysqladmin -u root password {}",
    "redis-cli -a{} ping",
    "redis-server *:6379 --requirepass {}",
    "https://example.org/?a=1&apikey={}&b=2",
    "https://example.org/a?X-Amz-Signature={}",
    "env PGPASSWORD={} psql -h db",
    "env MYSQL_PWD={} mysql",
    "psql host=db user=ann password={} dbname=shop",
    "Server=db;User Id=ann;Password={};Port=5432",
    "jdbc:oracle:thin:scott/{}@db:1521/shop",
    "jdbc:mysql://db/shop?user=ann&password={}",
    'app {{"password":"{}","port":80}}',
    'app {{"auth": {{"token": "{}"}}}}',
    'app {{"passwords": ["{}", "{}"]}}',
    'sh -c app {{\\"secret\\":\\"{}\\"}}',
    "ruby -e ENV['TOKEN']='{}'",
    "smbclient //srv/share {} -U ann",
    "openssl enc -aes-256-cbc -k {}",
    "unrar x -p{} a.rar",
    "rar a -hp{} a.rar",
    "unzip -oP {} a.zip",
    "kubectl create secret generic db --from-literal=field={}",
    "aws configure set aws_secret_access_key {}",
    "npm config set //registry.example.org/:_authToken {}",
    "az login --service-principal -p {}",
    "mosquitto_sub -h mq -u ann -P {} -t x",
    "rabbitmqctl add_user ann {}",
    "rabbitmqadmin -u ann -p {} list",
    "useradd -m -p {} ann",
    "nmcli dev wifi connect home password {}",
    "wpa_passphrase home {}",
    "mc alias set here http://host id {}",
    "impacket-psexec realm/ann:{}@host",
    "twine upload -u ann -p {} dist",
    "swaks --to ann@example.org -ap {}",
    "ngrok authtoken {}",
)
SECRETS = st.text(string.ascii_letters + string.digits + "!#$%^*()_+~?", min_size=8, max_size=40).filter(
    lambda secret: secret not in HIDDEN and not any(secret in place for place in PLACES)
)


@given(SECRETS, st.sampled_from(PLACES))
def test_a_secret_in_a_telling_place_is_gone(secret: str, place: str) -> None:
    shown = redact(place.format(secret, secret))
    assert secret not in shown
    assert HIDDEN in shown


@given(SECRETS, SECRETS, st.sampled_from(["--password {} {} --port 80", "--password '{} {}'", 'PASSPHRASE="{} {}"']))
def test_a_secret_of_two_words_is_gone(first: str, second: str, place: str) -> None:
    shown = redact(f"app {place.format(first, second)}")
    assert first not in shown
    assert second not in shown


@given(st.text(string.hexdigits, min_size=20, max_size=64), st.sampled_from(["token {}", "/secret/{}", "keys, {}"]))
def test_what_nobody_types_is_gone_after_a_telling_word(digits: str, place: str) -> None:
    assert digits.lower() not in redact(place.format(digits.lower()))


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAY34FZKBOKMUTVV7A",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
        "glpat-ABCdef123456ghiJKL78",
        "xoxb-123456789012-abcdefABCDEF",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "sk-proj-abcdefghijklmnop1234",
        "AIzaSyA-1234567890abcdefghijklmnopqrstu",
        "hf_abcdefghijklmnopqrstuvwxyz",
        "npm_abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpM",
        "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGP",
        "-----BEGIN OPENSSH PRIVATE KEY-----b3BlbnNzaC1rZXktdjEAAAAA",
    ],
)
def test_a_key_is_known_by_its_shape_alone(secret: str) -> None:
    shown = redact(f"deploy to production {secret}")
    assert secret not in shown
    assert shown.startswith("deploy to production")


@pytest.mark.parametrize(
    "text",
    [
        "/usr/bin/python3 -m gunicorn app:app --workers 4 --bind 127.0.0.1:8000",
        "postgres: checkpointer",
        "[kworker/0:1-events]",
        "/opt/app/.venv/lib/python3.11/site-packages/authlib/integrations/base_client.py",
        "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "/user.slice/user-1000.slice/session-3.scope",
        "ssh -p 2222 ann@example.org uptime",
        "ssh login -p 2222",
        "server -p 8080 -P 9090",
        "docker run -p 8080:80 --name mongo -p 27017:27017 mongo",
        "docker run -p 127.0.0.1:8080:80/tcp web",
        "mongod --port 27017",
        "ping -c 3 example.org",
        "app --pinned --spin 3 --shipping fast",
        "curl -sSL -XPUT http://example.org/a?barcode=1",
        "sqlplus /nolog",
        "/usr//lib/a",
        "vault server -config /etc/vault.hcl",
        "git clone https://example.org/a.git",
        "no cpufreq in this VM",
        "java -Xmx4g -jar service.jar",
        "mkdir -p /srv/app/a",
        "server -p 8080",
        "ssh -p 22 example.org",
        "cp -a /srv/a /srv/b",
        "tar -u -f a.tar b",
        "tar -cpf a.tar -C / b",
        "docker run -u 1000:1000 --name mysql -p 3306:3306 mysql",
        "mysql -h db -P 3306 -u ann shop",
        "psql -h db -p 5432 -U ann -w shop",
        "postgres: ann shop 10.0.0.7(41234) SELECT",
        "redis-server 127.0.0.1:6379",
        "redis-cli -h 127.0.0.1 -p 6379",
        "redis-benchmark -q -n 100000 -P 16 -a-none",
        "nginx: worker process",
        "gunicorn -c conf.py -w 4 -p run.pid",
        "rsync -a -P /srv/a/ /srv/b/",
        "curl -X POST -A agent https://example.org",
        "std::vector<int, std::allocator<int> >::push_back",
        "/usr/lib/x86_64-linux-gnu/libssl.so.3",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "HandlesManyConcurrentRequestsInOneThread2",
        "",
    ],
)
def test_what_is_harmless_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text(string.ascii_lowercase + " /._-0123456789", max_size=200))
def test_words_without_a_sign_of_a_secret_stay(text: str) -> None:
    telling = ("pass", "pwd", "secret", "token", "cred", "cookie", "session", "auth", "signature", "key", "salt", "dsn",
               "private", "bearer", "jwt", "webhook", "conn", "mysql", "maria", "zip", "7z", "rar", "redis", "ldap",
               "basic", "sk-", "glpat-", "npm_", "hf_", "pypi-", "-u", "dop_", "xox", "gh", "pw", "pin", "psk", "iw",
               "db2", "snmp", "freerdp", "smbclient", "kinit", "openssl", "mosquitto", "rclone", "mc ")  # fmt: skip
    if not any(word in text for word in telling):
        assert redact(text) == text


PIECES = st.one_of(
    st.sampled_from([*(place.replace("{{", "{").replace("}}", "}") for place in PLACES), HIDDEN, CUT]),
    st.sampled_from(
        ["-p", "-u", "key", "token", "=", ":", " ", "'", '"', "\\", "[", "]", "{", "}", "@", "//", "-", "--"]
    ),
    st.text(max_size=8),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_the_text_it_ends_and_grows_no_more_than_so_much(text: str) -> None:
    once = redact(text)
    assert len(once) <= (len(text) + 1) * len(HIDDEN)
    twice = redact(once)
    assert redact(twice) == twice
    assert len(twice) <= (len(text) + 1) * len(HIDDEN)


@given(SECRETS, st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_one_secret_does_not_hide_the_next(secret: str, place: str, other: str) -> None:
    assert secret not in redact(f"sh -c {place.format(secret, secret)} ; {other.format(secret, secret)}")


@given(SECRETS, st.sampled_from(PLACES))
def test_doing_it_twice_changes_nothing_more(secret: str, place: str) -> None:
    once = redact(place.format(secret, secret))
    assert redact(once) == once


@given(st.text(string.ascii_letters + string.digits + "/+", min_size=37, max_size=37).map(lambda text: f"a{text}Z7"))
def test_a_key_of_40_characters_is_hidden_without_a_word_before_it(secret: str) -> None:
    if sum(map(str.isdigit, secret)) >= 3:
        assert secret not in redact(f"deploy {secret} now")


@given(st.text(string.ascii_letters + string.digits + "/+", min_size=40, max_size=40),
       st.sampled_from(["{} {}", "{}:{}", "aws_access_key_id={} x={}", '"{}", "{}"']))  # fmt: skip
def test_what_belongs_to_an_id_goes_with_it(secret: str, place: str) -> None:
    shown = redact(place.format("AKIAIOSFODNN7EXAMPLE", secret))
    assert secret not in shown
    assert "AKIA" not in shown


@pytest.mark.parametrize(
    "piece",
    ["a", "key", "-", "key=", "://:", "mysql -", "key ", "x:", "sk-", "'", "pass\\", "-key ", "docker login ", "mongo ",
     "curl -a", "curl -b", "snmpget -c", "[", "key=[", "key={", "aA1", "xfreerdp /p:", "aws configure set ", "docker ",
     "sqlplus a/", "htpasswd -", "//a:", "AKIAIOSFODNN7EXAMPLE "],
)  # fmt: skip
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    started = time.process_time()
    redact((piece * LONGEST)[:LONGEST])
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("piece", ["--" + "pass" * 40, "a:", "://", "mysql ", "word and word "])
def test_no_more_than_so_much_is_looked_at(piece: str) -> None:
    long = (piece * 65536)[:65536]
    shown = redact(long)
    assert shown.endswith(CUT)
    assert shown == redact(long[: LONGEST + 1]) == redact(long + "more")
    assert len(shown) <= LONGEST * len(HIDDEN)


@given(st.integers(0, 60))
def test_a_secret_that_is_cut_goes_whole(at: int) -> None:
    secret = "https://ann:correct-horse-battery-staple@example.org/"
    shown = redact("x " * ((LONGEST - at) // 2) + secret * 3)
    assert "correct" not in shown
    assert redact("y" * (LONGEST + 1)) == CUT


def test_what_is_not_too_long_is_whole() -> None:
    assert redact("x" * LONGEST) == "x" * LONGEST

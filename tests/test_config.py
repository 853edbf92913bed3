"""The configuration: right files give settings, wrong ones an error with file, line and key."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui import config
from perftui.config import Config
from perftui.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path) -> "Writer":
    return Writer(tmp_path / "config.toml")


class Writer:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str | bytes) -> Path:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.path


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    return str(caught.value)


def test_settings_are_read_and_the_rest_keeps_its_default(write: Writer) -> None:
    loaded = config.load(write('interval_seconds = 2\ntheme = "light"\nread_only = true\n'))
    assert loaded == Config(interval_seconds=2.0, theme="light", read_only=True)
    assert isinstance(loaded.interval_seconds, float)


def test_no_file_at_the_default_place_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.load() == Config()
    assert config.default_path() == tmp_path / "perftui" / "config.toml"


def test_the_file_at_the_default_place_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    config.default_path().parent.mkdir()
    config.default_path().write_text("mouse = false\n")
    assert not config.load().mouse


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.default_path() == tmp_path / ".config" / "perftui" / "config.toml"


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    assert complaint(tmp_path / "none.toml") == (
        f"{tmp_path}/none.toml: No such file or directory; `perftui config init` writes an example"
    )


@pytest.mark.parametrize(
    ("text", "line", "rest"),
    [
        ("# a\n\nintervall_seconds = 1\n", 3, "intervall_seconds: no such setting; did you mean interval_seconds?"),
        ('interval_seconds = "fast"\n', 1, 'interval_seconds: must be a number from 0.2 to 60, not "fast"'),
        ("interval_seconds = 0\n", 1, "interval_seconds: must be a number from 0.2 to 60, not 0"),
        ("interval_seconds = nan\n", 1, "interval_seconds: must be a number from 0.2 to 60, not nan"),
        ("mouse = true\r\nprofile_rate_hz = 0\r\n", 2, "profile_rate_hz: must be a whole number from 1 to 1000, not 0"),
        ("\nread_only = 1\n", 2, "read_only: must be true or false, not 1"),
        ("mouse = [\n1,\n2]\n", 1, "mouse: must be true or false, not a list"),
        ("mouse = false\n[ascii]\nx = 1\n", 2, "ascii: must be true or false, not a table"),
        ('theme = "../secret"\n', 1, 'theme: must be a name of letters, digits, ".", "_" and "-", not "../secret"'),
        ("mouse = true\nmouse = true\n", 2, "mouse: not TOML: Cannot overwrite a value"),
        ("mouse = tru\n", 1, "mouse: not TOML: Invalid value"),
        ("mouse = true\n= 3\n", 2, "not TOML: Invalid statement"),
        ('theme = "dark\n', 1, "theme: not TOML: Illegal character '\\n'"),
        ('mouse = true\ntheme = """', 2, "theme: not TOML: Unterminated string"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(write: Writer, text: str, line: int, rest: str) -> None:
    path = write(text)
    assert complaint(path) == f"{path}:{line}: {rest}"


def test_an_unknown_key_far_from_any_lists_the_known(write: Writer) -> None:
    assert "known are interval_seconds, window_seconds" in complaint(write("zzz = 1\n"))


def test_the_line_is_not_taken_from_a_string_or_comment(write: Writer) -> None:
    path = write('# bogus = 1\ntheme = "dark" # bogus = 1\n"bogus" = """\nbogus = 1\n"""\n')
    assert complaint(path).startswith(f"{path}:3: bogus:")


def test_bytes_that_are_not_text_are_located(write: Writer) -> None:
    path = write(b"mouse = true\n# \xff\n")
    assert complaint(path) == f"{path}:2: not UTF-8 text"


def test_a_file_that_is_no_configuration_is_not_read_whole(write: Writer) -> None:
    assert "larger than" in complaint(write("# " + "x" * 70_000))


def test_the_example_in_the_repository_is_the_one_that_init_writes() -> None:
    shipped = Path(__file__).parent.parent / "config.example.toml"
    assert shipped.read_text() == config.example()


def test_the_example_is_right_also_with_every_line_switched_on(write: Writer) -> None:
    assert config.load(write(config.example())) == Config()
    names = {field.name for field in msgspec.structs.fields(Config)}
    lines = config.example().splitlines()
    switched_on = [line[2:] if line[2:].partition(" = ")[0] in names else line for line in lines]
    assert config.load(write("\n".join(switched_on))) == Config()
    assert sum(not line.startswith("#") for line in switched_on if line) == len(names)


@given(st.binary(max_size=60))
def test_any_bytes_give_settings_or_a_located_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "config.toml"
    path.write_bytes(raw)
    try:
        config.load(path)
    except ConfigError as error:
        assert str(error).startswith(f"{path}:")  # noqa: PT017 (both ways are right)

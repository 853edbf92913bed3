"""The text of ``perf script``: real records of several versions, hostile names, and what becomes of them."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.host.text import visible
from perftui.model.profile import SLOT_NS, Frame
from perftui.profile import perf_script
from perftui.profile.perf_script import KnownFrames, ScriptSample, parse, profile

OURS = b"""spin 22799/22800  3548.214465123:
\t            1178 chew(int, char const*) (/srv/my app/spin (deleted))
\t            11af main (/srv/my app/spin (deleted))
\t           2724a __libc_start_call_main (/usr/lib/libc.so.6)

"""
DEFAULT = b"""# captured on a Tuesday
# cmdline : /usr/bin/perf record -g
     redis server  4242 [001] 12.000100:     250000 cpu-clock:u:
\tffffffff8104f45a native_write_msr+0xa ([kernel.kallsyms])
\t    7f12ab345678 [unknown] (/usr/lib/libjit.so)
\t    7f12ab345679 [unknown] (/usr/lib/libjit.so)
\t    7f12ab345680 [unknown] ([unknown])
\t            1200 operator new(unsigned long)+0x18 (/usr/lib/libstdc++.so.6)
\t            1201 helper+0x1 (inlined)

"""


def stack_of(raw: bytes) -> list[tuple[str, str]]:
    (sample,) = parse(raw).samples
    return [(frame.function, frame.file) for frame in sample.stack]


def test_a_record_of_our_own_fields() -> None:
    (sample,) = parse(OURS).samples

    assert (sample.comm, sample.pid, sample.tid, sample.time_ns) == ("spin", 22799, 22800, 3548_214465123)
    assert stack_of(OURS) == [
        ("__libc_start_call_main", "/usr/lib/libc.so.6"),
        ("main", "/srv/my app/spin (deleted)"),
        ("chew(int, char const*)", "/srv/my app/spin (deleted)"),
    ]


def test_a_record_as_perf_prints_it_by_default() -> None:
    (sample,) = parse(DEFAULT).samples

    assert (sample.comm, sample.pid, sample.tid, sample.time_ns) == ("redis server", 4242, 4242, 12_000100000)
    assert stack_of(DEFAULT) == [
        ("helper", ""),
        ("operator new(unsigned long)", "/usr/lib/libstdc++.so.6"),
        ("[unknown]", ""),
        ("[unknown]", "/usr/lib/libjit.so"),
        ("native_write_msr", "[kernel]"),
    ]


def test_records_of_one_line_each() -> None:
    raw = b"app 7 1.5: 250000 cycles:  55d0 work (/srv/app)\napp 7/8 [003] 1.6: ffffffff8104f45a idle ([kernel])\n"
    first, second = parse(raw).samples

    assert first.stack == (Frame(function="work", file="/srv/app"),)
    assert (second.pid, second.tid, second.stack[0].file) == (7, 8, "[kernel]")


def test_addresses_of_the_kernel_count_as_kernel_whatever_the_file() -> None:
    assert stack_of(
        b"a 1/1 1.0:\n\tffffffffc0de0000 nf_hook (/lib/modules/6.1/nf.ko)\n\tffffffff00000000 x ([bpf])\n"
    ) == [
        ("x", "[kernel]"),
        ("nf_hook", "[kernel]"),
    ]


def test_lost_samples_are_counted() -> None:
    script = parse(OURS + b"spin 22799/22799 3548.3: PERF_RECORD_LOST lost 12\n" + OURS)

    assert (len(script.samples), script.lost) == (2, 12)


def test_a_thread_named_like_a_record_is_one_thread() -> None:
    (sample,) = parse(b"a 1/2 3.4: 5/6 7.8: x 11/12  9.5: \n\t 10 f (/a)\n\n").samples

    assert (sample.pid, sample.tid, sample.time_ns) == (11, 12, 9_500_000_000)


def test_names_with_newlines_and_escapes_do_no_harm() -> None:
    raw = b"\x1b]0;x\x07\nev\xffil 1/2 3.5: \n\t 10 fu\x1b[1m\n\nnc (/a)\n\t 11 g (/b\x1b[2m)\n\n"
    samples = parse(raw).samples

    assert [sample.comm for sample in samples] == ["ev\\xffil"]
    assert samples[0].stack == (Frame(function="fu^[[1m"),)


def test_lines_known_from_an_earlier_window_are_used_again() -> None:
    known: KnownFrames = {}
    first, again = parse(OURS, known), parse(OURS, known)

    assert first.samples[0].stack[0] is again.samples[0].stack[0]
    known.update({b"%d" % at: None for at in range(30_000)})
    assert parse(OURS, known) == first
    assert len(known) < 10


def test_depth_is_bounded_and_long_lines_are_cut() -> None:
    deep = b"a 1/1 1.0:\n" + b"".join(b"\t%x f%d (/a)\n" % (at, at) for at in range(10_000))
    (sample,) = parse(deep).samples
    assert len(sample.stack) == perf_script.MAX_DEPTH
    assert sample.stack[-1].function == "f0"

    (long,) = parse(b"a 1/1 1.0:\n\t10 " + b" (x" * 300_000 + b")\n").samples
    assert len(long.stack[0].function) == 512
    assert parse(b"a 1/1 " * 300_000 + b"1.0:\n").samples == ()


def test_lines_made_to_be_slow_are_read_in_one_pass() -> None:
    hostile = (b" " * 4000, b"1 " * 2000, b": " * 2000, b"\t10 " + b" (x" * 1000)

    assert parse(b"\n".join(line for line in hostile for _ in range(500))).samples == ()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    parse(raw)


@given(
    st.lists(
        st.sampled_from(
            ["spin 1/2 3.4: ", "\t 10 f (/a)", "\x1b[0m", "(", ")", " [", "\n", "\n\n", "\t", "PERF_RECORD_LOST lost 3"]
        ),
        max_size=30,
    )
)
def test_no_control_character_comes_through(pieces: list[str]) -> None:
    script = parse("".join(pieces).encode())

    for sample in script.samples:
        assert all(text.isprintable() for text in (sample.comm, *(f.function + f.file for f in sample.stack)))


_WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="()[]", codec="utf-8"), min_size=1)
_FRAMES = st.lists(st.tuples(st.integers(0, 2**63 - 1), _WORDS, _WORDS), min_size=1, max_size=6)


@given(
    st.lists(
        st.tuples(_WORDS, st.integers(1, 4_000_000), st.integers(1, 4_000_000), st.integers(0, 10**15), _FRAMES),
        max_size=6,
    )
)
def test_what_perf_would_write_is_read_back(
    records: list[tuple[str, int, int, int, list[tuple[int, str, str]]]],
) -> None:
    text = "".join(
        f"{comm} {pid}/{tid} {at // 10**9:5}.{at % 10**9:09}: \n"
        + "".join(f"\t{address:16x} {symbol}() (/{file})\n" for address, symbol, file in frames)
        + "\n"
        for comm, pid, tid, at, frames in records
    )
    samples = parse(text.encode()).samples

    assert [(sample.pid, sample.tid, sample.time_ns) for sample in samples] == [
        (pid, tid, at) for _, pid, tid, at, _ in records
    ]
    assert [len(sample.stack) for sample in samples] == [len(frames) for *_, frames in records]
    assert [sample.stack[-1].file for sample in samples if len(sample.stack[-1].file) < 4000] == [
        f"/{visible(frames[0][2])}" for *_, frames in records
    ]


_STACKS = st.lists(st.sampled_from([Frame(function=name) for name in "abc"]), max_size=3).map(tuple)
_SAMPLES = st.builds(
    ScriptSample,
    pid=st.integers(1, 2),
    tid=st.integers(1, 3),
    comm=st.sampled_from(["x", "y"]),
    time_ns=st.integers(0, 2_999_999_999),
    stack=_STACKS,
)


@given(st.lists(_SAMPLES, max_size=60))
def test_a_profile_keeps_every_count(samples: list[ScriptSample]) -> None:
    made = profile(samples, rate_hz=99, started_ns=1_000_000_000, ended_ns=3_000_000_000, covered_ns=2_000_000_000)
    slots = list(made.slots.rows("row", "slot", "samples"))

    assert made.samples == made.on_cpu == len(samples)
    assert made.attempts == 198
    for index, row in enumerate(made.rows):
        stack = tuple(made.frames[at] for at in made.stacks[row.stack])
        alike = [s for s in samples if (s.pid, s.tid, s.stack) == (row.pid, row.tid, stack)]
        assert row.samples == len(alike)
        times = sorted((s.time_ns - 1_000_000_000) // SLOT_NS for s in alike if s.time_ns >= 1_000_000_000)
        assert times == sorted(slot for at, slot, count in slots if at == index for _ in range(count))
    assert {(name.pid, name.tid) for name in made.threads} == {(sample.pid, sample.tid) for sample in samples}

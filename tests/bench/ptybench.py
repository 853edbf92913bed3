#!/usr/bin/env python3
"""ptybench - run a terminal program on a private pty and measure what it costs.

    ptybench.py [options] -- COMMAND [ARG...]

Prints one JSON object: CPU (user+sys per wall second, whole run and steady
state), peak RSS, bytes written to the pty per second, frames per second, time
to the first painted frame, terminal modes asked for, key-to-paint latency.

It answers the usual terminal queries (DA1/DA2/DA3, DSR, CPR, DECRQM, XTVERSION,
kitty keyboard, OSC 4/10/11/12, window size reports, XTGETTCAP, DECRQSS), so
programs that wait for a reply go on.  It never outlives --seconds by more than
about 8 s and signals only processes of the session it created itself.
Standard library only; --screen additionally needs `pyte`.
"""
from __future__ import annotations
import argparse, errno, fcntl, json, os, pty, re, select, signal, struct, sys, termios, time, zlib

CLK = os.sysconf("SC_CLK_TCK")

ESC_QUERY = re.compile(
    rb"\x1b\[(?P<da>[>=]?)0?c"
    rb"|\x1b\[(?P<dsrq>\??)(?P<dsr>[56])n"
    rb"|\x1b\[\?(?P<kitty>)u"
    rb"|\x1b\[(?P<rqmq>\??)(?P<rqm>\d+)\$p"
    rb"|\x1b\[>(?P<xtver>)0?q"
    rb"|\x1b\[(?P<win>1[34568])t"
    rb"|\x1b\](?P<osc>1[0-9])[;]\?(?:\x07|\x1b\\)"
    rb"|\x1b\]4;(?P<osc4>\d+);\?(?:\x07|\x1b\\)"
    rb"|\x1bP\+q(?P<tcap>[0-9A-Fa-f;]*)\x1b\\"
    rb"|\x1bP\$q(?P<rqss>[^\x1b]*)\x1b\\"
)
MODE_SET = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
KITTY_PUSH = re.compile(rb"\x1b\[>\d*(?:;\d+)?u")
OSC52 = re.compile(rb"\x1b\]52;")
MODE_NAMES = {"1000": "mouse-click", "1002": "mouse-drag", "1003": "mouse-all-motion", "1004": "focus",
              "1006": "mouse-sgr", "1015": "mouse-urxvt", "1016": "mouse-pixels", "1049": "alt-screen",
              "2004": "bracketed-paste", "2026": "sync-output", "2048": "inband-resize", "25": "cursor", "47": "alt-screen-old"}


def session_pids(sid: int) -> list[int]:
    """Every process of the session and every descendant of one, whatever session it made for itself."""
    parent, members = {}, set()
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                with open(f"/proc/{d}/stat", "rb") as f:
                    rest = f.read().rpartition(b")")[2].split()
                parent[int(d)] = int(rest[1])
                if int(rest[3]) == sid:
                    members.add(int(d))
            except (OSError, IndexError, ValueError):
                pass
    grew = True
    while grew:
        more = {p for p, q in parent.items() if q in members} - members
        members |= more
        grew = bool(more)
    return sorted(members)


def cpu_seconds(sid: int) -> float:
    """user+sys of every live process in the session plus children they reaped."""
    total = 0
    for pid in session_pids(sid):
        try:
            with open(f"/proc/{pid}/stat", "rb") as f:
                r = f.read().rpartition(b")")[2].split()
            total += sum(int(x) for x in r[11:15])
        except (OSError, IndexError, ValueError):
            pass
    return total / CLK


def leader_cpu_seconds(pid: int) -> float:
    """user+sys of the program itself: without the children it reaped, such as the windows of a sampler."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            r = f.read().rpartition(b")")[2].split()
        return (int(r[11]) + int(r[12])) / CLK
    except (OSError, IndexError, ValueError):
        return 0.0


def mem_kb(sid: int) -> tuple[int, int, int]:
    """(VmHWM of the leader, summed VmRSS of the session, threads of the leader)"""
    hwm = rss = threads = 0
    for pid in session_pids(sid):
        try:
            with open(f"/proc/{pid}/status") as f:
                for line in f:
                    if line.startswith("VmRSS:"):
                        rss += int(line.split()[1])
                    elif pid == sid and line.startswith("VmHWM:"):
                        hwm = int(line.split()[1])
                    elif pid == sid and line.startswith("Threads:"):
                        threads = int(line.split()[1])
        except (OSError, ValueError):
            pass
    return hwm, rss, threads


def ctxt(sid: int) -> tuple[int, int]:
    v = n = 0
    for pid in session_pids(sid):
        try:
            for t in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{t}/status") as f:
                    for line in f:
                        if line.startswith("voluntary_ctxt"):
                            v += int(line.split()[1])
                        elif line.startswith("nonvoluntary_ctxt"):
                            n += int(line.split()[1])
        except (OSError, ValueError):
            pass
    return v, n


def answer(m: re.Match, a) -> bytes:
    g = m.groupdict()
    if g["da"] is not None:
        return {b"": b"\x1b[?62;c", b">": b"\x1b[>0;276;0c", b"=": b"\x1bP!|00000000\x1b\\"}[g["da"]]
    if g["dsr"] is not None:
        return b"\x1b[0n" if g["dsr"] == b"5" else b"\x1b[" + g["dsrq"] + b"1;1R"
    if g["kitty"] is not None:
        return b"\x1b[?0u" if a.kitty else b""
    if g["rqm"] is not None:
        v = b"2" if (g["rqm"] == b"2026" and not a.no_sync) else b"0"
        return b"\x1b[" + g["rqmq"] + g["rqm"] + b";" + v + b"$y"
    if g["xtver"] is not None:
        return b"\x1bP>|ptybench(1)\x1b\\"
    if g["win"] is not None:
        r, c = a.rows, a.cols
        return {b"13": b"\x1b[3;0;0t", b"14": b"\x1b[4;%d;%dt" % (r * 16, c * 8), b"15": b"\x1b[5;%d;%dt" % (r * 16, c * 8),
                b"16": b"\x1b[6;16;8t", b"18": b"\x1b[8;%d;%dt" % (r, c)}.get(g["win"], b"")
    if g["osc"] is not None:
        col = b"rgb:ffff/ffff/ffff" if g["osc"] in (b"10", b"12") else b"rgb:0000/0000/0000"
        return b"\x1b]" + g["osc"] + b";" + col + b"\x1b\\"
    if g["osc4"] is not None:
        return b"\x1b]4;" + g["osc4"] + b";rgb:8080/8080/8080\x1b\\"
    if g["tcap"] is not None:
        return b"\x1bP0+r\x1b\\"
    if g["rqss"] is not None:
        return b"\x1bP0$r\x1b\\"
    return b""


def set_size(fd: int, rows: int, cols: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, cols * 8, rows * 16))


def unescape(s: str) -> bytes:
    return s.encode().decode("unicode_escape").encode("latin-1")


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cols", type=int, default=160)
    p.add_argument("--rows", type=int, default=45)
    p.add_argument("--seconds", type=float, default=30.0, help="wall time measured (1..600)")
    p.add_argument("--warmup", type=float, default=5.0, help="steady state starts here")
    p.add_argument("--first-bytes", type=int, default=500, help="cumulative output that counts as the first frame")
    p.add_argument("--term", default="xterm-256color")
    p.add_argument("--colorterm", default="truecolor", help="'' unsets it")
    p.add_argument("--lang", default="C.UTF-8")
    p.add_argument("--env", action="append", default=[], metavar="K=V")
    p.add_argument("--key", action="append", default=[], metavar="T:KEYS", help="at T seconds type KEYS (\\x1b escapes allowed)")
    p.add_argument("--resize", action="append", default=[], metavar="T:COLSxROWS")
    p.add_argument("--memory-every", type=float, default=0.5, metavar="S",
                   help="look at the memory so often: it takes a look at every process of the host")
    p.add_argument("--quit", default="q", help="keys typed at the end ('' = none)")
    p.add_argument("--throttle", type=float, default=0, help="read at most N bytes/s (a slow SSH link)")
    p.add_argument("--no-answer", action="store_true", help="a dumb terminal: answer no queries")
    p.add_argument("--no-sync", action="store_true", help="deny mode 2026")
    p.add_argument("--kitty", action="store_true", help="claim the kitty keyboard protocol")
    p.add_argument("--save", help="write the raw output here")
    p.add_argument("--screen", help="write the final screen as text here (needs pyte)")
    p.add_argument("--label")
    p.add_argument("cmd", nargs=argparse.REMAINDER)
    a = p.parse_args()
    cmd = a.cmd[1:] if a.cmd[:1] == ["--"] else a.cmd
    if not cmd:
        p.error("no command")
    a.seconds = min(600.0, max(1.0, a.seconds))
    a.warmup = min(a.warmup, a.seconds / 2)
    events = []
    for k in a.key:
        t, _, s = k.partition(":")
        events.append((float(t), "key", unescape(s)))
    for k in a.resize:
        t, _, s = k.partition(":")
        c, _, r = s.partition("x")
        events.append((float(t), "resize", (int(r), int(c))))
    events.sort(key=lambda e: e[0])

    env = dict(os.environ)
    for k in ("TMUX", "STY", "NO_COLOR", "LINES", "COLUMNS", "COLORTERM", "LC_ALL"):
        env.pop(k, None)
    env.update(TERM=a.term, LANG=a.lang, LC_ALL=a.lang)
    if a.colorterm:
        env["COLORTERM"] = a.colorterm
    for kv in a.env:
        k, _, v = kv.partition("=")
        env[k] = v

    er, ew = os.pipe()  # close-on-exec: EOF tells us when exec() happened
    os.set_inheritable(ew, False)
    t_fork = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.close(er)
            set_size(0, a.rows, a.cols)
            os.execvpe(cmd[0], cmd, env)
        except BaseException as e:
            try:
                os.write(ew, str(e).encode()[:200])
            finally:
                os._exit(127)
    os.close(ew)
    err = os.read(er, 200)
    os.close(er)
    t0 = time.monotonic()
    os.set_blocking(fd, False)

    chunks: list[tuple[float, int]] = []
    data = bytearray()
    pend = b""
    outq = bytearray()
    queries: dict[str, int] = {}
    total = 0
    t_any = t_first = None
    base_cpu = None
    base_ctx = (0, 0)
    hwm = rss_peak = threads = 0
    next_mem = 0.0
    lat: list[dict] = []
    status = ru = None
    tokens, tok_t = float(a.throttle), t0
    eof = False

    def reap(flag):
        nonlocal status, ru
        if status is None:
            try:
                wp, st, r = os.wait4(pid, flag)
            except ChildProcessError:
                return
            if wp:
                status, ru = st, r

    def pump(timeout: float) -> None:
        nonlocal total, t_any, t_first, pend, eof, tokens, tok_t
        want = 65536
        if a.throttle:
            now = time.monotonic()
            tokens = min(a.throttle, tokens + (now - tok_t) * a.throttle)
            tok_t = now
            want = int(tokens)
            if want < 1:
                time.sleep(min(timeout, 0.02))
                return
        try:
            r, w, _ = select.select([fd], [fd] if outq else [], [], timeout)
        except InterruptedError:
            return
        if w:
            try:
                n = os.write(fd, bytes(outq))
                del outq[:n]
            except BlockingIOError:
                pass
            except OSError:
                eof = True
        if not r:
            return
        try:
            b = os.read(fd, min(65536, want))
        except BlockingIOError:
            return
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            b = b""
        if not b:
            eof = True
            return
        tokens -= len(b)
        now = time.monotonic() - t0
        chunks.append((now, len(b)))
        total += len(b)
        data.extend(b)
        if t_any is None:
            t_any = now
        if t_first is None and total > a.first_bytes:
            t_first = now
        for e in lat:
            if "ms" not in e:
                e["ms"] = round((now - e["t"]) * 1000, 1)
        pend += b
        if not a.no_answer:
            end = 0
            for m in ESC_QUERY.finditer(pend):
                end = m.end()
                q = m.group(0).decode("latin-1").encode("unicode_escape").decode()
                queries[q] = queries.get(q, 0) + 1
                outq.extend(answer(m, a))
            pend = pend[end:]
        i = pend.rfind(b"\x1b")
        pend = pend[i:] if i >= 0 and len(pend) - i < 256 else b""

    t_end_cpu = None
    while True:
        now = time.monotonic() - t0
        if now >= a.seconds or (eof and status is not None):
            break
        if base_cpu is None and now >= a.warmup:
            base_cpu = (now, cpu_seconds(pid), leader_cpu_seconds(pid))
            base_ctx = ctxt(pid)
        if now >= next_mem:
            h, s, th = mem_kb(pid)
            hwm, rss_peak, threads = max(hwm, h), max(rss_peak, s), th or threads
            next_mem = now + a.memory_every
        while events and events[0][0] <= now:
            t, kind, val = events.pop(0)
            if kind == "key":
                outq.extend(val)
                lat.append({"event": val.decode("latin-1").encode("unicode_escape").decode(), "t": now})
            else:
                a.rows, a.cols = val
                set_size(fd, *val)  # the kernel sends SIGWINCH
                lat.append({"event": "resize %dx%d" % (val[1], val[0]), "t": now})
        if eof:
            time.sleep(0.05)
        else:
            pump(min(0.05, max(0.0, a.seconds - now)))
        reap(os.WNOHANG)
        if status is not None and not eof:
            for _ in range(50):
                if eof:
                    break
                pump(0.02)
    t_end = time.monotonic() - t0
    early = status is not None
    end_cpu = (t_end, cpu_seconds(pid), leader_cpu_seconds(pid)) if not early else None
    end_ctx = ctxt(pid)
    h, s, th = mem_kb(pid)
    hwm, rss_peak = max(hwm, h), max(rss_peak, s)
    n_meas, modes_at = len(data), bytes(data)

    # leave: quit keys, then TERM, then KILL; only pids of our own session
    how = "exited early" if early else None
    t_q = time.monotonic()
    steps = ([("quit keys", lambda: outq.extend(unescape(a.quit)), 2.0)] if a.quit else []) + [
        ("SIGTERM", lambda: os.kill(pid, signal.SIGTERM), 2.0), ("SIGKILL", lambda: os.kill(pid, signal.SIGKILL), 2.0)]
    a.throttle = 0
    for name, act, wait in steps:
        if status is not None:
            break
        try:
            act()
        except ProcessLookupError:
            pass
        dl = time.monotonic() + wait
        while status is None and time.monotonic() < dl:
            if eof:
                time.sleep(0.02)
            else:
                pump(0.02)
            reap(os.WNOHANG)
        if status is not None:
            how = name
    t_quit = time.monotonic() - t_q
    for _ in range(20):  # the last words (mode resets)
        if eof:
            break
        pump(0.01)
    for q in session_pids(pid):  # helpers the program left behind in its own session
        try:
            os.kill(q, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os.close(fd)

    bursts, last = [], None
    for t, n in chunks:
        if t > t_end:
            break
        if last is None or t - last > 0.02:
            bursts.append([t, n])
        else:
            bursts[-1][1] += n
        last = t
    st_b = [(t, n) for t, n in bursts if t >= a.warmup]
    st_bytes = sum(n for t, n in chunks if a.warmup <= t <= t_end)
    span = max(1e-9, t_end - a.warmup)
    if t_end < a.warmup + 0.5:  # it ended before the steady state: no rates
        st_b, st_bytes, span = [], 0, float("inf")
    off = sum(n for t, n in chunks if t < a.warmup)
    steady = modes_at[off:]
    on, offm = set(), set()
    for m in MODE_SET.finditer(modes_at):
        for x in m.group(1).decode().split(";"):
            if m.group(2) == b"h":
                on.add(x)
    final = {}
    for m in MODE_SET.finditer(bytes(data)):
        for x in m.group(1).decode().split(";"):
            final[x] = m.group(2)
    left = sorted(MODE_NAMES.get(k, k) for k in on if final.get(k) == b"h" and k not in ("25", "7", "12"))
    if final.get("25") == b"l":
        left.append("cursor-hidden")
    res = {
        "label": a.label or " ".join(cmd)[:80], "size": f"{a.cols}x{a.rows}", "wall_s": round(t_end, 2),
        "cpu_pct_steady": None, "leader_cpu_pct_steady": None, "cpu_pct_whole": None, "startup_cpu_s": None,
        "peak_rss_mib": round(hwm / 1024, 1), "session_rss_mib": round(rss_peak / 1024, 1), "threads": threads,
        "bytes_per_s": round(st_bytes / span), "zlib_bytes_per_s": round(len(zlib.compress(steady, 6)) / span),
        "bytes_first_warmup": off, "frames_per_s": round(len(st_b) / span, 2),
        "bytes_per_frame": round(st_bytes / len(st_b)) if st_b else 0, "max_frame_bytes": max((n for _, n in st_b), default=0),
        "first_byte_s": None if t_any is None else round(t_any, 3), "first_frame_s": None if t_first is None else round(t_first, 3),
        "events": [{k: v for k, v in e.items() if k != "t"} for e in lat],
        "wakeups_per_s": None,
        "modes": sorted(MODE_NAMES.get(k, k) for k in on), "kitty_kbd": bool(KITTY_PUSH.search(modes_at)),
        "osc52": bool(OSC52.search(modes_at)), "truecolor_sgr": modes_at.count(b"38;2;") + modes_at.count(b"48;2;"),
        "queries": queries, "quit_by": how or "still running", "quit_s": round(t_quit, 2), "modes_left_on": left,
        "exit": None if status is None else (os.waitstatus_to_exitcode(status)),
    }
    if base_cpu and end_cpu:
        dt = end_cpu[0] - base_cpu[0]
        res["cpu_pct_steady"] = round(100 * (end_cpu[1] - base_cpu[1]) / dt, 2)
        res["leader_cpu_pct_steady"] = round(100 * (end_cpu[2] - base_cpu[2]) / dt, 2)
        res["cpu_pct_whole"] = round(100 * end_cpu[1] / t_end, 2)
        res["startup_cpu_s"] = round(base_cpu[1], 2)
        res["wakeups_per_s"] = round((end_ctx[0] - base_ctx[0]) / dt, 1)
    elif ru is not None:
        res["cpu_pct_whole"] = round(100 * (ru.ru_utime + ru.ru_stime) / max(t_end, 1e-9), 2)
    if ru is not None:
        res["ru_cpu_s"] = round(ru.ru_utime + ru.ru_stime, 3)
    if err:
        res["exec_error"] = err.decode(errors="replace")
    if early:
        res["tail"] = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", bytes(data[-1500:]).decode(errors="replace"))[-600:]
    if a.save:
        with open(a.save, "wb") as f:
            f.write(data)
    if a.screen:
        try:
            import pyte
            scr = pyte.Screen(a.cols, a.rows)
            st = pyte.ByteStream(scr)
            clean = re.sub(rb"\x1b\[[<>=?][\d;]*[uqmn]|\x1b\[\?[\d;]*\$p|\x1bP[^\x1b]*\x1b\\|\x1b\[[\d;]*\x20q|\x1b\[2\d?;?\d*t", b"", modes_at)
            st.feed(clean)
            with open(a.screen, "w") as f:
                f.write("\n".join(x.rstrip() for x in scr.display) + "\n")
        except Exception as e:  # noqa: BLE001 - the figures matter more
            res["screen_error"] = repr(e)
    json.dump(res, sys.stdout, ensure_ascii=False)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

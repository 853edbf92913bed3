"""``perftui``: run the command line and turn what went wrong into an exit code."""

import gc
import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click

from perftui.errors import NoData, NotDeliverable, PerftuiError, UsageError
from perftui.host.text import visible

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GARBAGE = (10_000, 20, 50)
"""When to look for cycles. Samples of thousands of processes are many objects without any: looking for them after every
700 took nearly 1 % of a core with 5,000 processes and 1,000 threads, and 30 ms of the time to the first frame."""


def main() -> int:
    """Everything that ends perftui passes here; the codes are listed in ``perftui.errors``."""
    _end_on_signals()
    gc.set_threshold(*GARBAGE)
    try:
        code = _command()
        sys.stdout.flush()
    except click.exceptions.Exit as error:  # --help, --version
        return error.exit_code
    except NoData as error:  # a signal without which there is nothing to show
        return _failed(str(error), NotDeliverable.exit_code)
    except PerftuiError as error:
        return _failed(str(error), error.exit_code)
    except click.ClickException as error:
        return _failed(_usage(error), UsageError.exit_code)
    except click.Abort:  # the end of the input at a question
        return _failed("nothing was answered, nothing was changed", UsageError.exit_code)
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception:  # noqa: BLE001  (a fault of ours must not look like a failed check, which is code 1)
        for line in traceback.format_exc().splitlines():
            print(visible(line), file=sys.stderr)
        return _failed("this is a fault in perftui, please report it with the lines above", NotDeliverable.exit_code)
    return code


def _command() -> int:
    from perftui.cli import program

    with program.make_context("perftui", sys.argv[1:]) as context:
        code = program.invoke(context)
        return code if isinstance(code, int) else 0


def _end_on_signals() -> None:
    """A signal unwinds the stack, so that samplers and children are ended; what was ignored (nohup) stays so."""
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    for other in ENDING_SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # a second Ctrl+C must not cut the clean-up short
    raise SystemExit(128 + number)


def _failed(message: str, code: int) -> int:
    """The message on stderr: one line, unless it lists matches. Foreign text in it cannot hold a newline."""
    print("\n".join(visible(line) for line in f"perftui: {message}".split("\n")), file=sys.stderr)
    return code


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" (see {context.command_path} --help)" if context else ""
    return f"{error.format_message()}{hint}"


if __name__ == "__main__":
    sys.exit(main())

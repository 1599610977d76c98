"""Starts a program with all that exec() keeps and that would harm it: inherited.py THING... -- PROGRAM ARGUMENT...

The things: ignored, blocked, timers, umask, limits, closed, open=FD."""
import os
import resource
import signal
import sys

NUMBERS = set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}


def ignored():
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)


def timers():
    """With one signal of theirs that waits, and more to come."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF})
    for clock in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(clock, 0.01, 0.01)
    while signal.SIGALRM not in signal.sigpending():
        pass


def limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))


things, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
for thing in things:
    if thing == "umask":
        os.umask(0o777)
    elif thing == "closed":
        for descriptor in range(3):
            os.close(descriptor)
    elif thing.startswith("open="):
        os.dup2(os.open("/dev/null", os.O_RDONLY), int(thing.removeprefix("open=")), inheritable=True)
    else:
        globals()[thing]()
os.execv(command[0], command)

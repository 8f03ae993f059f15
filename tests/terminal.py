#!/usr/bin/python3
"""Types into an interactive program on a new terminal.

terminal.py PROMPT COMMAND [ARGUMENT]... <KEYS

Waits until the command has printed PROMPT, then sends KEYS without their line feeds; escapes such as
`\\r` and `\\t` stand for keys. Prints the command's output and returns its exit status. Kills it after
a minute without output.
"""

import codecs
import fcntl
import os
import pty
import select
import struct
import sys
import termios


def main():
    prompt, command = sys.argv[1].encode(), sys.argv[2:]
    keys = codecs.escape_decode(sys.stdin.buffer.read().replace(b"\n", b""))[0]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.set_blocking(terminal, False)
    shown = b""
    while True:
        typing = [terminal] if keys and prompt in shown else []
        readable, writable, _ = select.select([terminal], typing, [], 60)
        if not readable and not writable:
            os.kill(pid, 9)
        if readable:
            try:
                new = os.read(terminal, 65536)
            except OSError:  # the command has ended
                break
            sys.stdout.buffer.write(new)
            shown += new
        elif writable:
            keys = keys[os.write(terminal, keys[:64]) :]
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


sys.exit(main())

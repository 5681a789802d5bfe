# SPDX-License-Identifier: Apache-2.0
"""Does for a test what systemd's socket units do: binds UDP sockets to devices and starts a program that takes them over.

Arguments: <port> <name>=<device> ... -- <program> <argument> ...
"""
import os
import socket
import sys

FIRST = 3
split = sys.argv.index("--")
port, links = int(sys.argv[1]), [link.split("=") for link in sys.argv[2:split]]
program = sys.argv[split + 1 :]

sockets = []
for _, device in links:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    udp.bind(("0.0.0.0", port))
    sockets.append(udp)

# Out of the way first: one of them may sit where another has to go.
high = [os.dup2(udp.fileno(), 100 + index) for index, udp in enumerate(sockets)]
for index, fd in enumerate(high):
    os.dup2(fd, FIRST + index)
    os.close(fd)
environment = {
    **os.environ,
    "LISTEN_PID": str(os.getpid()),
    "LISTEN_FDS": str(len(links)),
    "LISTEN_FDNAMES": ":".join(name for name, _ in links),
}
os.execvpe(program[0], program, environment)

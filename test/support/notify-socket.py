# SPDX-License-Identifier: Apache-2.0
# Stands in for systemd: prints what is sent to NOTIFY_SOCKET, argv[1], a datagram a line, its lines joined by "|".
# sd_notify(3): BARRIER=1 comes with a descriptor, and its sender waits until it is closed.
import os, socket, sys

ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
print("listening", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(ear, 65536, 8)
    for fd in fds:
        os.close(fd)
    text = data.decode().strip().replace("\n", "|")
    if text != "BARRIER=1":
        print(text, flush=True)

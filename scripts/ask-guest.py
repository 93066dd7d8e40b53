#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ask-guest.py MONITOR CONSOLE KEY...: have a hung guest say where it hangs.

Sends a break and each sysrq KEY to the guest's serial console, whose sockets
are MONITOR (QEMU's) and CONSOLE. The answer appears in the console's log.
"""
import socket
import sys
import time


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(path)
    return sock


def main():
    monitor, console = connect(sys.argv[1]), connect(sys.argv[2])
    for key in sys.argv[3:]:
        monitor.sendall(b"chardev-send-break con\n")
        time.sleep(0.5)
        console.sendall(key.encode())
        time.sleep(2)


if __name__ == "__main__":
    main()

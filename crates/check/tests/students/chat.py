# A chat room, a thread each, with bare messages. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading
import time
from datetime import datetime

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 12009))
server.listen()
members = {}
used = set()
lock = threading.Lock()


def broadcast(text, sender=None):
    for name, connection in list(members.items()):
        if name == sender:
            continue
        try:
            connection.send(text.encode())
        except OSError:
            pass
        if bug == "only-first":
            return


def tell(name, what):
    count = len(members) + (1 if bug == "count-before" and what == "left" else 0)
    now = datetime.now().strftime("%H.%M")
    broadcast(f"Server: time={now} {name} has {what}. Member count={count}", name if bug == "not-itself" else None)


def login(connection):
    while True:
        data = connection.recv(1024)
        name = data.decode(errors="replace").strip()
        if not data and bug != "nameless-joins":
            return None
        with lock:
            if name not in (used if bug == "keeps-names" else members) or bug == "duplicates":
                if name in members:
                    name += " "
                members[name] = connection
                used.add(name)
                if bug != "silent-joins":
                    tell(name, "joined")
                return name
        connection.send(b"This name is taken, try another: ")


def session(connection):
    name = end = None
    try:
        name = login(connection)
        while name is not None:
            data = connection.recv(1024)
            if not data:
                # Not for ever, so that the tests end.
                end = end or time.monotonic() + 5
                if bug == "spins" and time.monotonic() < end:
                    continue
                if bug == "close-not-told":
                    return
                break
            try:
                line = data.decode().strip()
            except UnicodeDecodeError:
                if bug == "bytes-kill":
                    os._exit(1)
                continue
            if line == "quit":
                break
            prefix = "" if bug == "nameless-lines" else name + ": "
            broadcast(prefix + line, name)
    except OSError:
        if bug == "reset-kills":
            os._exit(1)
    with lock:
        if members.pop(name, None):
            tell(name, "left")
    connection.close()


def locked_login(connection):
    name = connection.recv(1024)
    threading.Thread(target=session, args=(Begun(connection, name),)).start()


class Begun:
    """A connection whose name was read already."""

    def __init__(self, connection, name):
        self.connection = connection
        self.name = name

    def recv(self, count):
        name, self.name = self.name, None
        return self.connection.recv(count) if name is None else name

    def __getattr__(self, name):
        return getattr(self.connection, name)


while True:
    connection, address = server.accept()
    if bug == "name-in-loop":
        locked_login(connection)
    else:
        threading.Thread(target=session, args=(connection,)).start()

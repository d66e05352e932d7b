# Echo, or with "alnum" before the mistake whether it is alphanumeric: over TCP, a thread for each client, with bare messages.
import socket
import sys
import threading
import time

lab = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((socket.gethostname(), 12000))
server.listen(5)
lock = threading.Lock()


def answer(data):
    if lab == "echo":
        return data
    text = data.decode("utf-8", "ignore").strip()
    return b"The string is alphanumeric" if text.isalnum() else b"The string is not alphanumeric"


def session(connection):
    with connection:
        end = None
        while True:
            try:
                data = connection.recv(1024)
                if not data:
                    # Not for ever, so that the tests end.
                    end = end or time.monotonic() + 5
                    if bug == "spins" and time.monotonic() < end:
                        continue
                    break
                connection.sendall(answer(data))
            except OSError:
                break


def locked(connection):
    with lock:
        session(connection)


while True:
    connection, address = server.accept()
    threading.Thread(target=locked if bug == "lock" else session, args=(connection,), daemon=True).start()

# A calculator for many clients at a time, with bare messages: a thread each. Its argument is the mistake that it makes.
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 5000))
server.listen()
lock = threading.Lock()
connections = []


def compute(text):
    try:
        a, operator, b = text.split()
        a, b = float(a), float(b)
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else "cannot divide by zero"}[operator]
    except (ValueError, KeyError):
        return "Invalid format"


def session(connection, name):
    global newest
    try:
        if name is None:
            name = connection.recv(1024).decode(errors="replace")
            connection.send(("Welcome " + name).encode())
        newest = name
        while True:
            data = connection.recv(1024)
            request = data.decode(errors="replace").strip()
            if not data or request == "q":
                break
            print((newest if bug == "one-name" else name) + ": " + request)
            connection.send(str(compute(request)).encode())
    except OSError as error:
        print(name, "is lost:", error)
        if bug == "closes-all":
            for other in connections:
                if other is not connection:
                    other.shutdown(socket.SHUT_RDWR)
    print("Session ended")
    connections.remove(connection)
    connection.close()


def locked(connection):
    with lock:
        session(connection, None)


while True:
    connection, address = server.accept()
    connections.append(connection)
    if bug == "lock":
        threading.Thread(target=locked, args=(connection,)).start()
    elif bug == "name-in-loop":
        name = connection.recv(1024).decode(errors="replace")
        threading.Thread(target=session, args=(connection, name)).start()
    else:
        threading.Thread(target=session, args=(connection, None)).start()

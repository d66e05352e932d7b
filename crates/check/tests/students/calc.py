# A calculator for one client after the other, with bare messages. Its argument is the mistake that it makes.
import socket
import sys
import time

bug = sys.argv[1] if len(sys.argv) > 1 else ""
if bug == "late":
    sys.stdout = open(1, "w", buffering=65536, closefd=False)
server = socket.socket()
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 12004))
server.listen()


def number(text):
    if bug == "int":
        return int(float(text))
    if bug == "no-sign":
        return float(text.strip("-"))
    return float(text)


def compute(text):
    a, operator, b = text.split()
    if bug == "concatenates":
        return a + b
    a, b = number(a), number(b)
    if bug == "tells-all":
        return f"{a + b} {a - b} {a * b} {a / b}"
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if operator == "/" or bug == "else-divides":
        return a / b
    return "Error: unknown operator"


caught = [ValueError, ZeroDivisionError, IndexError]
if bug == "zero-kills":
    caught.remove(ZeroDivisionError)
if bug == "format-kills":
    caught = [ZeroDivisionError, UnicodeDecodeError]


def session(connection):
    name = connection.recv(1024).decode()
    print("Hello", name)
    end = None
    while True:
        data = connection.recv(1024)
        if not data:
            # Not for ever, so that the tests end.
            end = end or time.monotonic() + 5
            if bug not in ("spins", "storms") or time.monotonic() > end:
                break
            if bug == "spins":
                continue
        try:
            if bug == "bytes-kill":
                try:
                    request = data.decode()
                except UnicodeDecodeError:
                    raise SystemExit("cannot decode")
            request = data.decode()
            if bug == "empty-kills" and request[0] == "\n":
                raise SystemExit("no request")
            if request.strip() == "q" and bug != "no-quit":
                print("Session ended" if bug != "silent-end" else "")
                break
            if bug != "silent":
                print(name + ":", request)
            answer = str(compute(request))
        except tuple(caught) as error:
            answer = "Error: " + str(error)
            if bug == "error-ends":
                break
        connection.send(answer.encode())
        if bug == "answers-once":
            break


while True:
    connection, address = server.accept()
    if bug == "reset-kills":
        session(connection)
    else:
        try:
            session(connection)
        except OSError as error:
            print("lost", address, error)
    connection.close()
    if bug == "one-session":
        break

# A calculator for all clients in one thread, with select.
import operator
import select
import socket

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("::", 12004))
server.listen(10)
names = {}


def handle(client):
    data = client.recv(1024)
    text = data.decode("utf-8", "replace").strip()
    if not data or text == "q":
        raise ConnectionError("Session ended")
    if names[client] is None:
        names[client] = text
        return
    try:
        first, sign, second = text.split()
        answer = OPERATORS[sign](float(first), float(second))
    except ZeroDivisionError:
        answer = "inf"
    except (KeyError, ValueError):
        answer = "?"
    client.send(str(answer).encode())


while True:
    readable, _, _ = select.select([server] + list(names), [], [])
    for sock in readable:
        if sock is server:
            names[server.accept()[0]] = None
        else:
            try:
                handle(sock)
            except OSError as error:
                print(names.pop(sock), error)
                sock.close()

# Adds the two numbers of one message: "space" or "comma" says what parts them, "lines" that a newline ends them, "once" that a connection is for
# one sum, "pool" that four threads serve all.
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

form = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 6000))
server.listen(100)


def add(text):
    try:
        a, b = text.split("," if form == "comma" else None)
        return "Sum = " + str(float(a) + float(b))
    except ValueError:
        return "Error: two numbers, please"


def lines(connection):
    for line in connection.makefile(errors="replace"):
        connection.sendall((add(line) + "\n").encode())


def bare(connection):
    while data := connection.recv(1024):
        connection.send(add(data.decode(errors="replace")).encode())
        if form == "once":
            break


def session(connection):
    with connection:
        try:
            if bug == "one-recv":
                while data := connection.recv(1024):
                    connection.send((add(data.decode(errors="replace")) + "\n").encode())
            elif form == "lines":
                lines(connection)
            else:
                bare(connection)
        except OSError as error:
            print("lost:", error)


with ThreadPoolExecutor(max_workers=4 if form == "pool" else 100) as pool:
    while True:
        connection, address = server.accept()
        pool.submit(session, connection)

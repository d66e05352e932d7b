# Adds the two numbers of one message, with bare messages. Its argument is its form: "space" or "comma" parts the numbers, "once" says that a
# connection is for one sum, "pool" that four threads serve all.
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

form = sys.argv[1]
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


def session(connection):
    with connection:
        try:
            while data := connection.recv(1024):
                connection.send(add(data.decode(errors="replace")).encode())
                if form == "once":
                    break
        except OSError as error:
            print("lost:", error)


with ThreadPoolExecutor(max_workers=4 if form == "pool" else 100) as pool:
    while True:
        connection, address = server.accept()
        pool.submit(session, connection)

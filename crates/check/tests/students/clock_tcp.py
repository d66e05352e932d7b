# The clock, over TCP. Its argument is the mistake that it makes.
import socket
import sys
import time

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("localhost", 12003))
server.listen()

while True:
    connection, address = server.accept()
    try:
        while data := connection.recv(1024):
            request = data.decode(errors="replace").strip()
            answer = {"SEND_DATE": "%d/%m/%Y", "SEND_TIME": "%H:%M:%S"}.get(request, "what?")
            connection.send(time.strftime(answer).encode())
    except OSError:
        if bug == "reset-kills":
            raise
    connection.close()

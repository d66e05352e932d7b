# The chat's client that waits for keyboard and socket at once; its server asks for the name. It sends what readline() gives, newline and all.
import select
import socket
import sys

server = socket.create_connection(("127.0.0.1", int(input("port? "))))
while True:
    for ready in select.select([sys.stdin, server], [], [])[0]:
        if ready is server:
            data = server.recv(2048)
            if not data:
                sys.exit("Disconnected from the chat server")
            sys.stdout.write(data.decode() + "\n")
            sys.stdout.flush()
        else:
            line = sys.stdin.readline()
            server.send(line.encode())
            if line.strip() == "quit":
                sys.exit()

# The client of sum in lines: both numbers typed in one line and sent in one, with a thread that prints what comes. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.create_connection(("localhost", 6001))


def receive():
    if bug == "one-recv":
        # Half a line is thrown away.
        while data := server.recv(1024).decode():
            if data.endswith("\n"):
                print("Sum:", data)
    else:
        for line in server.makefile():
            print("Sum:", line)
    print("The server has closed")
    os._exit(0)


threading.Thread(target=receive, daemon=True).start()
while True:
    line = input("Two numbers: ")
    try:
        a, b = map(float, line.split())
    except ValueError:
        print("two numbers, please")
        continue
    try:
        server.sendall(f"{a} {b}\n".encode())
    except OSError:
        break

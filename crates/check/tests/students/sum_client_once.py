# The client of sum that asks for both numbers before it connects, sends them in one message, shows the sum, and ends; or asks whether to go `on`.
import socket
import sys

go_on = True
while go_on:
    a = int(input("a = "))
    b = int(input("b = "))
    with socket.create_connection(("127.0.0.1", 6000)) as server:
        server.send(f"{a} {b}".encode())
        print(a, "+", b, "=", server.recv(1024).decode())
    go_on = "on" in sys.argv and input("Again? (y/n) ") == "y"

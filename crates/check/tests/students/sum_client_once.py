# The client of sum that asks for both numbers before it connects, sends them in one message, shows the sum, and ends.
import socket

a = int(input("a = "))
b = int(input("b = "))
with socket.create_connection(("127.0.0.1", 6000)) as server:
    server.send(f"{a} {b}".encode())
    print(a, "+", b, "=", server.recv(1024).decode())

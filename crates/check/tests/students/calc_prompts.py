# A calculator that prompts for everything, and rounds: a thread for each client, with traces of those that fail.
import socket
from threading import Thread

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("localhost", 1234))
server.listen()


def client_thread(sock):
    sock.sendall(b"Enter your name: ")
    name = sock.recv(1024).decode().strip()
    sock.sendall(f"Welcome {name}\nEnter expression: ".encode())
    while True:
        request = sock.recv(1024).decode().strip()
        if not request or request.lower() == "q":
            break
        try:
            x, op, y = request.split(" ")
            x, y = float(x), float(y)
            if op == "+":
                result = x + y
            elif op == "-":
                result = x - y
            elif op == "*":
                result = x * y
            elif op == "/":
                result = x / y
            else:
                result = "unknown operator " + op
            if isinstance(result, float):
                result = round(result, 2)
        except Exception as problem:
            result = f"Error: {problem}"
        sock.sendall(f"{request} = {result}\nEnter expression: ".encode())
    sock.sendall(b"Goodbye!")
    sock.close()


while True:
    Thread(target=client_thread, args=[server.accept()[0]]).start()

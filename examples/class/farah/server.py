import socket
from threading import Thread

clients = {}


def talk(sock):
    name = sock.recv(1024).decode()
    clients[name] = sock
    while True:
        msg = sock.recv(1024).decode().strip()
        if msg == "q":
            print("Session ended")
            sock.close()
            del clients[name]
            return
        print(msg)
        try:
            a, op, b = msg.split()
            a, b = float(a), float(b)
            if op == "+":
                ans = a + b
            elif op == "-":
                ans = a - b
            elif op == "*":
                ans = a * b
            elif op == "/":
                ans = a / b if b != 0 else "cannot divide by zero"
            else:
                ans = "unknown operation"
        except ValueError:
            ans = "bad request"
        sock.send(str(ans).encode())


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", 12004))
listener.listen()
while True:
    sock, _ = listener.accept()
    Thread(target=talk, args=(sock,)).start()

# The calculator's client, with bare messages. Its arguments are the mistake that it makes, and the server's port.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket()
client.connect(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 12004))
if bug != "nameless":
    client.send(b"Casio")
while True:
    line = input("Enter an expression, or q: ")
    if line == "q":
        if bug != "no-q":
            client.send(b"q")
        if bug != "goes-on":
            break
        continue
    words = line.split()
    try:
        a, operator, b = words
        float(a), float(b)
        good = operator in ("+", "-", "*", "/")
    except ValueError:
        good = False
    if not good:
        if bug != "no-warning":
            print("Warning: two numbers and an operator, please")
        if bug == "sends-all":
            client.send(line.encode())
        continue
    client.send(line.encode())
    answer = client.recv(1024)
    if not answer and bug != "spins":
        print("The server is gone")
        break
    while not answer:
        answer = client.recv(1024)
    if bug != "mute":
        print("Answer:", answer.decode())
client.close()

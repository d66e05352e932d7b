# The calculator's client, with bare messages. Its argument is the mistake that it makes.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket()
client.connect(("127.0.0.1", 12004))
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
    if not good and bug != "sends-all":
        if bug != "no-warning":
            print("Warning: two numbers and an operator, please")
        if bug == "warning-ends":
            break
        continue
    client.send(line.encode())
    answer = client.recv(1024)
    if not answer and bug != "spins":
        print("The server is gone")
        break
    while not answer:
        answer = client.recv(1024)
    print("Answer:", answer.decode())
client.close()

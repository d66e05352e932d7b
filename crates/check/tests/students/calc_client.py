# The calculator's client, with bare messages. Its argument is the mistake that it makes.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket()
client.connect(("127.0.0.1", 12004))
if bug != "nameless":
    client.send(b"Casio")


def is_number(text):
    if bug == "int":
        return text.isdigit()
    try:
        float(text)
        return True
    except ValueError:
        return False


while True:
    line = input("Enter an expression, or q: ")
    if bug == "empty-kills":
        line[0]
    if line == "q":
        if bug != "no-q":
            client.send(b"q")
        if bug == "goes-on":
            continue
        break
    words = line.split()
    good = len(words) == 3 and is_number(words[0]) and words[1] in "+-*/" and is_number(words[2])
    if not good:
        if bug != "no-warning":
            print("Warning: two numbers and an operator, please")
        if bug == "sends-all":
            client.send(line.encode())
        continue
    if bug == "computes":
        print("Answer:", eval(line))
        continue
    client.send(line.encode())
    answer = client.recv(1024)
    while not answer and bug == "spins":
        answer = client.recv(1024)
    if not answer and bug != "blank":
        print("The server is gone")
        break
    if bug != "mute":
        print("Answer:", answer.decode())
    if bug == "once":
        break
client.close()

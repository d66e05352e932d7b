# The client of sum in steps, as the program published with the sheet has it: it compares exactly what it is told. Its argument is the mistake that it makes.
import socket
import sys
import threading

configs = {"IP_Address": "127.0.0.1", "PORT": 9090}
bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket()
client.connect((configs["IP_Address"], configs["PORT"]))
greeting = client.recv(1024).decode()
while greeting != "welcome" and bug == "only-welcome":
    greeting = client.recv(1024).decode()
if greeting != "welcome":
    sys.exit(greeting)


def number(text):
    if bug == "digits" and not text.isdigit():
        raise ValueError(text)
    if bug == "two-digits" and len(text) > 2 and text[0] != "-":
        raise ValueError(text)
    return text if text == "Exit" else str(float(text))


def ask(prompt):
    while True:
        try:
            return number(input(prompt))
        except ValueError:
            print("that is no number")


def send(text):
    client.send(text.encode())
    if text == "Exit":
        client.close()
        if bug == "stays":
            threading.Event().wait()
        sys.exit()


while True:
    send(ask("Enter num1: "))
    answer = client.recv(1024).decode()
    if answer != "num1 received":
        print("unexpected:", answer or "the server is gone")
        break
    send(ask("Enter num2: "))
    answer = client.recv(1024).decode()
    while not answer and bug == "spins":
        answer = client.recv(1024).decode()
    if not answer:
        print("the server is gone")
        break
    if bug != "mute":
        print("the sum is", answer)

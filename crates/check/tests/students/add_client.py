# The client that has two numbers added, with bare messages. Its argument is the mistake that it makes.
import random
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket()
client.connect(("127.0.0.1", 12005))
number = "" if bug == "same-name" else random.randint(1, 1000)
if bug != "nameless":
    client.send(f"client{number}".encode())
print("connected:", client.recv(1024).decode())
while True:
    command = input("Enter a command (a or q): ")
    if command == "q":
        if bug == "goes-on":
            continue
        break
    if command != "a":
        if bug != "no-warning":
            print("Invalid command")
        if bug == "sends-all":
            client.send(command.encode())
        continue
    a, b = random.randint(1, 10), random.randint(1, 10)
    if bug != "mute-numbers":
        print("Numbers:", a, b)
    if bug == "two-sends":
        client.send(str(a).encode())
        client.send(str(b).encode())
    else:
        client.send(f"{a} {b}".encode())
    answer = client.recv(1024)
    while not answer and bug == "spins":
        answer = client.recv(1024)
    if not answer:
        print("The server has closed the connection")
        break
    if bug == "other-words":
        print("The sum is", answer.decode())
    elif bug != "mute":
        print("answer received from Server =", answer.decode())
    if bug == "once":
        break
client.close()

# The client of echo and alnum, over TCP, with bare messages. Its arguments are the server's port and the mistake that it makes.
import socket
import sys

port = int(sys.argv[1])
bug = sys.argv[2] if len(sys.argv) > 2 else ""
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(("192.168.0.10", port))
print("Connected to the server")
while True:
    message = input("Enter message: ")
    if message == "":
        break
    if bug == "canned":
        message = "Hello World"
    client.send(message.encode("ascii" if bug == "ascii" else "utf-8"))
    answer = client.recv(1024)
    while not answer and bug == "spins":
        answer = client.recv(1024)
    if not answer:
        print("The server has closed the connection")
        break
    if bug != "mute":
        print("From server:", answer.decode())
client.close()

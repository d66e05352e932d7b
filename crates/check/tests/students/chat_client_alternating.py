# The chat's client in one thread, which listens only after it has said something.
import socket

client = socket.socket()
client.connect(("127.0.0.1", 12009))
client.send(input("Enter login name: ").encode())
print(client.recv(1024).decode())
while True:
    line = input("> ")
    client.send(line.encode())
    if line == "quit":
        break
    print(client.recv(1024).decode())
client.close()

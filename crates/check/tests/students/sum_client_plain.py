# The client of sum that sends each line as it is typed, and shows what comes. Its argument is the mistake that it makes.
import socket
import sys

server = socket.create_connection(("127.0.0.1", 6002))
while True:
    server.send(input().encode())
    answer = server.recv(1024)
    while not answer and "spins" in sys.argv:
        answer = server.recv(1024)
    if not answer:
        print("the server has closed")
        break
    print(answer.decode())

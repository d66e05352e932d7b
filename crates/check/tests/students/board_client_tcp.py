# The client of board over TCP, whose server answers everything with one message.
import socket

client = socket.create_connection(("127.0.0.1", 8888))
while query := input("POST \"text\", or GET: "):
    client.sendall(query.encode())
    answer = client.recv(4096).decode()
    if not answer:
        print("The server has closed")
        break
    print(answer)

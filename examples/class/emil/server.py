import socket
import numexpr

server = socket.socket()
server.bind(("", 12004))
server.listen()
while True:
    client, address = server.accept()
    name = client.recv(1024)
    while True:
        request = client.recv(1024).decode()
        if request == "q" or not request:
            break
        client.send(str(numexpr.evaluate(request)).encode())
    client.close()

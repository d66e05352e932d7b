# The client of echo and alnum as the template has it: it asks for the server, and sends one message. Its arguments are the transport and the server's port.
import sys
from socket import *

serverName = input("Server name or address: ")
serverPort = int(sys.argv[2])
sentence = input("Input lowercase sentence:")
if sys.argv[1] == "tcp":
    clientSocket = socket(AF_INET, SOCK_STREAM)
    clientSocket.connect((serverName, serverPort))
    clientSocket.send(sentence.encode())
    answer = b""
    # Until the server closes.
    while data := clientSocket.recv(16):
        answer += data
else:
    clientSocket = socket(AF_INET, SOCK_DGRAM)
    clientSocket.settimeout(1.5)
    clientSocket.sendto(sentence.encode(), (serverName, serverPort))
    try:
        answer, serverAddress = clientSocket.recvfrom(2048)
    except timeout:
        print("No answer")
        sys.exit()
print("From Server:", answer.decode())
clientSocket.close()

# The sheet's template: one message a connection, and everything that goes wrong is printed.
from socket import *

serverPort = 12000
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', serverPort))
serverSocket.listen(1)
print('The server is ready to receive')
while True:
    connectionSocket, addr = serverSocket.accept()
    try:
        message = connectionSocket.recv(1024)
        print(addr, message)
        connectionSocket.send(message)
    except Exception as e:
        print(e)
    connectionSocket.close()

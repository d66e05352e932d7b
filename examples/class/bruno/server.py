from socket import *

serverPort = 12004
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(('', serverPort))
serverSocket.listen(1)
print('The server is ready to receive')
while True:
    connectionSocket, addr = serverSocket.accept()
    name = connectionSocket.recv(1024).decode()
    print(name, 'connected')
    while True:
        sentence = connectionSocket.recv(1024).decode()
        if not sentence:
            break
        if sentence == 'q':
            print('Session ended')
            break
        print(sentence)
        try:
            x, op, y = sentence.split(' ')
            x = float(x)
            y = float(y)
        except ValueError:
            connectionSocket.send('Wrong format'.encode())
            continue
        if op == '+':
            result = x + y
        elif op == '-':
            result = x - y
        elif op == '*':
            result = x * y
        elif op == '/':
            result = x / y
        else:
            result = 'Wrong operator'
        connectionSocket.send(str(result).encode())
    connectionSocket.close()

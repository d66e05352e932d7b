from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(('127.0.0.1', 12004))
clientSocket.send('Bruno'.encode())
while True:
    sentence = input('Input: ')
    if sentence == 'q':
        clientSocket.send(sentence.encode())
        break
    parts = sentence.split(' ')
    if len(parts) != 3:
        print('Warning: incorrect format')
        continue
    try:
        float(parts[0])
        float(parts[2])
    except ValueError:
        print('Warning: not a number')
        continue
    clientSocket.send(sentence.encode())
    print('From server:', clientSocket.recv(1024).decode())
clientSocket.close()

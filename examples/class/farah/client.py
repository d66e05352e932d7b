import socket

sock = socket.socket()
sock.connect(("127.0.0.1", 12004))
sock.send(input("Your name: ").encode())
while True:
    msg = input("Expression: ")
    words = msg.split()
    if msg != "q" and len(words) != 3:
        print("Warning: use NUMBER OPERATOR NUMBER")
        continue
    sock.send(msg.encode())
    if msg == "q":
        break
    print(sock.recv(1024).decode())

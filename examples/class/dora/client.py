import socket

client = socket.socket()
client.connect(("127.0.0.1", 12004))
client.send("dora".encode())
while True:
    text = input("Calculate: ")
    client.send(text.encode())
    if text == "q":
        break
    print("Result:", client.recv(1024).decode())
client.close()

# The client's side of the encrypted talk in the simplest way: no functions, and one recv is one block. Its argument is the size of its key.
import socket
import sys

from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect(("127.0.0.1", 8080))
my_key = RSA.generate(int(sys.argv[1]))
sock.send(my_key.publickey().export_key())
server_key = RSA.import_key(sock.recv(1024))
while True:
    message = input("Client: ")
    sock.send(PKCS1_OAEP.new(server_key).encrypt(message.encode("utf-8")))
    if message == "Good Bye":
        break
    print("waiting for the server ...")
    answer = PKCS1_OAEP.new(my_key).decrypt(sock.recv(1024)).decode("utf-8")
    print("Server: " + answer)
    if answer == "Good Bye":
        break
sock.close()
print("bye")

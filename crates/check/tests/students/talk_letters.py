# Both sides of a talk in which nothing is encrypted, but each letter is a packet of its own, in two bytes.
import socket
import sys

if sys.argv[1] == "server":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", 4040))
    listener.listen(1)
    print("waiting for a client")
    peer, _ = listener.accept()
else:
    peer = socket.create_connection(("localhost", 4040))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
letters = peer.makefile("r", encoding="utf-16-le", newline="\n")


def say():
    text = input("you: ")
    for letter in text + "\n":
        peer.send(letter.encode("utf-16-le"))
    return text


def hear():
    text = letters.readline().strip()
    print("peer:", text)
    return text


if sys.argv[1] == "server":
    hear()
while say() not in ("", "Good Bye") and hear() not in ("", "Good Bye"):
    pass

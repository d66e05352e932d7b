# The server that prints numbers. Its argument is the mistake that it makes.
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 12000))
print("The server is ready")
turn = 0
while True:
    message, caddr = server.recvfrom(2048)
    if not message and bug == "empty-ends":
        break
    text = message.decode() if bug == "bytes-kill" else message.decode(errors="replace")
    turn += 1
    who = caddr[1]
    if bug == "nobody":
        who = "somebody"
    if bug == "takes-turns":
        who = "c1" if turn % 2 else "c2"
    if bug == "wordless":
        print("a message")
    elif bug == "shuffles" and who == 11000:
        threading.Timer(0.5, print, (f"{text} from {who}",)).start()
    else:
        print(f"{text} from {who}")

# A board over UDP that saves what is posted, and sends all of it back. Its argument is the mistake that it makes.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 8888))
saved = []
poster = None


def post(text):
    if bug == "quoted-only" or bug == "first-word":
        text = text.split('"')[1]
    if bug == "first-word":
        text = text.split()[0]
    if bug == "last-only":
        saved.clear()
    if bug == "forgets":
        return
    saved.append(text)
    if bug == "newest-first":
        saved.insert(0, saved.pop())
    if bug == "ten":
        del saved[:-10]


while True:
    data, address = server.recvfrom(512 if bug == "short" else 65535)
    if not data and bug == "empty-ends":
        break
    if bug == "connects":
        server.connect(address)
    try:
        text = data.decode("ascii" if bug == "ascii" else "utf-8")
    except UnicodeDecodeError:
        if bug == "bytes-kill" and data.startswith(b'POST "\xff'):
            raise
        print("what is that?", data)
        continue
    print(address, text)
    text = text.strip()
    if text.startswith("POST"):
        if bug == "last-poster" and poster != address:
            saved.clear()
        poster = address
        if bug == "alone-kills":
            post(text.split(" ", 1)[1])
        elif len(text.split(" ", 1)) == 2:
            post(text.split(" ", 1)[1])
    elif text == "GET":
        if not saved and bug == "forgets":
            server.sendto(b"nothing yet", address)
        if bug == "empty-kills":
            print("the newest is", saved[-1])
        for one in saved:
            if bug == "connects":
                server.send(one.encode())
            elif bug != "own-only" or poster == address:
                server.sendto(one.encode(), address)
        if bug == "clears":
            saved.clear()
    elif bug == "unknown-kills":
        raise SystemExit("unknown request")
    elif bug == "unknown-clears":
        saved.clear()
    else:
        server.sendto(b"unknown request", address)

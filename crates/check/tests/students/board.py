# A board over UDP that saves what is posted, and sends all of it back. Its argument is the mistake that it makes, or "quoted-only" if it takes a text
# in quotes alone.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""


def bound():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if bug == "connects":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("127.0.0.1", 8888))
    return opened


def send(text, address):
    if bug == "connects":
        # One that is gone is told of by an error of the second.
        with bound() as own:
            own.connect(address)
            own.send(text.encode())
            own.send(b"")
    else:
        server.sendto(text.encode(), address)


server = bound()
saved = []
poster = None


def post(text):
    if bug in ("quoted-only", "first-word"):
        text = text.split('"')[1]
    if bug == "first-word":
        text = text.split()[0]
    if bug == "last-only":
        saved.clear()
    if bug != "forgets":
        saved.append(text)
    if bug == "newest-first":
        saved.insert(0, saved.pop())
    if bug == "ten":
        del saved[:-10]


def get(address):
    if bug == "empty-kills":
        print("the newest is", saved[-1])
    if not saved:
        send("nothing yet", address)
    for one in saved:
        if bug != "own-only" or poster == address:
            send(one, address)
    if bug == "own-only" and poster != address:
        send("nothing of yours", address)
    if bug == "clears":
        saved.clear()


while True:
    data, address = server.recvfrom(512 if bug == "short" else 65535)
    if not data and bug == "empty-ends":
        break
    try:
        text = data.decode("ascii" if bug == "ascii" else "utf-8").strip()
    except UnicodeDecodeError:
        if bug == "bytes-kill":
            raise
        print("what is that?", data)
        continue
    print(address, text)
    if text.startswith("POST"):
        if bug == "last-poster" and poster != address:
            saved.clear()
        poster = address
        if bug == "alone-kills" or " " in text:
            post(text.split(" ", 1)[1])
    elif text == "GET":
        get(address)
    elif bug == "unknown-kills" and text:
        raise SystemExit("unknown request")
    else:
        send("unknown request", address)

# The client that has two numbers added, in lines: a thread listens, and the other waits for it. Its argument is the mistake that it makes.
import os
import random
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.create_connection(("localhost", 12005))
server.sendall(f"adder-{os.getpid()}-{random.random()}\n".encode())
acknowledged = threading.Event()


def messages():
    if bug == "one-recv":
        # Half a line is thrown away.
        while data := server.recv(1024).decode():
            yield from data.split("\n")[:-1]
    else:
        yield from (line.strip() for line in server.makefile("r"))


def listen():
    try:
        for message in messages():
            if message == "ack":
                acknowledged.set()
            else:
                print(f"\nanswer received from Server = {message}\n> ", end="", flush=True)
    except OSError:
        pass
    print("\nThe server has gone.", flush=True)
    os._exit(1)


threading.Thread(target=listen, daemon=True).start()
if bug != "no-wait":
    acknowledged.wait()
while True:
    command = input("> ").strip().lower()
    if command == "q":
        break
    elif command == "a":
        a, b = random.choices(range(1, 11), k=2)
        print(a, "and", b)
        server.sendall(f"{a},{b}\n".encode())
    else:
        print("INVALID COMMAND!")
server.close()

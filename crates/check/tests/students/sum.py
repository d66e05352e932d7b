# Adds two numbers in steps, as the program published with the sheet does: a thread each, with bare messages. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading

configs = {"IP_Address": "127.0.0.1", "PORT": 9090, "Clients_limit": 3, "timeout": 5}
bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((configs["IP_Address"], configs["PORT"]))
server.listen()
lock = threading.Lock()
clients = []
left = 0


def number(text):
    if bug == "no-sign" and not text.replace(".", "").isdigit():
        raise ValueError(text)
    return int(text) if bug == "int" else float(text)


def add(first, second):
    if bug == "concatenates":
        return first + second
    if bug == "also-multiplies":
        return f"{number(first) + number(second)} {number(first) * number(second)}"
    return str(number(first) + number(second))


def session(connection, first=None):
    connection.send(b"welcome")
    while True:
        data = first or connection.recv(1024)
        if data == b"Exit":
            return "exit"
        if not data and bug != "spins":
            return "closed"
        first = None
        connection.send(b"num1 received" if data or bug != "spins" else b"")
        second = connection.recv(1024)
        try:
            answer = add(data.decode(), second.decode())
        except UnicodeDecodeError:
            if bug == "bytes-kill":
                os._exit(1)
            answer = "Invalid inputs"
        except ValueError:
            if bug == "invalid-kills" and second:
                os._exit(1)
            answer = "Invalid inputs"
        connection.send(answer.encode() if data or bug != "spins" else b"")
        if bug == "answers-once":
            connection.recv(1024)


def serve(connection, first):
    global left
    try:
        if bug == "lock":
            with lock:
                how = session(connection, first)
        else:
            how = session(connection, first)
    except socket.timeout:
        how = "timeout"
    except OSError as error:
        print("lost:", error)
        if bug == "reset-kills":
            os._exit(1)
        how = "lost"
    if bug == "closes-another" and how == "lost":
        for other in clients:
            if other is not connection:
                other.shutdown(socket.SHUT_RDWR)
    connection.close()
    left += 1
    leaks = {"leaks": ["exit"], "leaks-lost": ["lost"], "leaks-timeouts": ["timeout"]}.get(bug, [])
    if how not in leaks:
        clients.remove(connection)
    if bug == "one-session":
        os._exit(0)


while True:
    connection, address = server.accept()
    is_full = len(clients) >= configs["Clients_limit"]
    if is_full and not (bug == "unlimited-later" and left):
        connection.send(b"Server Is Busy")
        connection.close()
        continue
    clients.append(connection)
    if not (bug == "timeout-once" and left):
        connection.settimeout(configs["timeout"])
    first = connection.recv(1024) if bug == "first-in-loop" else None
    threading.Thread(target=serve, args=(connection, first)).start()

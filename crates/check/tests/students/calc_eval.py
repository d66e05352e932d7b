# A calculator that greets, computes with eval, and says "Answer = 54": for one client after the other.
import socket

HOST = ""
PORT = 65432

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, PORT))
server.listen(1)
print("Server is listening...")
while True:
    conn, addr = server.accept()
    try:
        name = conn.recv(1024).decode().strip()
        conn.send(f"Hello {name}, you are connected from port {addr[1]}! Enter an operation: ".encode())
        while True:
            message = conn.recv(1024).decode().strip()
            if message == "q" or message == "":
                print("Session ended")
                break
            print(name, "asks", message)
            try:
                conn.send(f"Answer = {eval(message)}".encode())
            except Exception:
                conn.send(b"Please enter it as: number operator number")
    except Exception as e:
        print("Error:", e)
    conn.close()

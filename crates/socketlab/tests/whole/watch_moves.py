"""Makes the moves of a lab's clients: HOST PORT, then `WHO VERB WHAT` each."""
import socket
import struct
import sys
import time

server = (sys.argv[1], int(sys.argv[2]))
family = socket.AF_INET6 if ':' in server[0] else socket.AF_INET
ends = {}
for move in sys.argv[3:]:
    who, verb, what = (move.split(' ', 2) + [''])[:3]
    what = what.encode().decode('unicode_escape').encode('latin-1')
    if verb == 'connects':
        ends[who] = socket.create_connection(server)
        ends[who].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    elif verb == 'binds':
        ends[who] = socket.socket(family, socket.SOCK_DGRAM)
        ends[who].bind(('', int(what)))
        ends[who].connect(server)
    elif verb == 'sends':
        ends[who].sendall(what)
    elif verb == 'hears':
        # A datagram, or so many bytes of a stream.
        left = int(what)
        while left > 0:
            heard = ends[who].recv(left)
            assert heard, 'the server closed early'
            left -= len(heard)
    elif verb == 'pauses':
        # After what was sent bare, for longer than the server's quiet time.
        time.sleep(0.2)
    elif verb == 'sees-the-end':
        assert ends[who].recv(1) == b''
    elif verb == 'closes':
        ends[who].close()
    elif verb == 'half-closes':
        ends[who].shutdown(socket.SHUT_WR)
    elif verb == 'resets':
        ends[who].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        ends[who].close()

//! What goes wrong in students' programs, by name, and how each is mended.

pub(crate) mod clients;

/// A named flaw.
#[derive(Debug)]
pub struct Diagnosis {
    /// It stays the same for good.
    pub name: &'static str,
    pub mending: &'static str,
}

pub(crate) const PROTOCOL: Diagnosis = Diagnosis {
    name: "the lab's exchange is not spoken",
    mending: "Play the sheet's own example by hand (`nc`, or this program's client) and compare what comes back with the sheet, one message at a time.",
};

pub(crate) const ARITHMETIC: Diagnosis = Diagnosis {
    name: "wrong arithmetic",
    mending: "Read the numbers with float() (or Decimal), not int() and not isdigit(), which know no sign and no point; split at spaces, so that the minus of \
              `-6` is no operator; compare the operator with each of the four, and refuse every other.",
};

pub(crate) const WRONG_SUM: Diagnosis = Diagnosis {
    name: "wrong sums",
    mending: "Read both numbers with float() (or Decimal), not int() and not isdigit(), which know no sign and no point, and add them as numbers: of two texts, \
              `\"3\" + \"4\"` is `34`.",
};

pub(crate) const BAD_INPUT: Diagnosis = Diagnosis {
    name: "one bad input ends it",
    mending: "Whatever a client sends, its own handler answers: wrap the handling of one message in try/except (ValueError, ZeroDivisionError, \
              UnicodeDecodeError, IndexError), send back an error, and go on with the loop.",
};

pub(crate) const STREAM_END: Diagnosis = Diagnosis {
    name: "the end of the stream is not handled",
    mending: "recv() gives b'' when the client has closed, again and again and at once: leave the loop then, and close the socket. Otherwise the \
              program spins, or stumbles over the empty message.",
};

pub(crate) const ONE_RECV: Diagnosis = Diagnosis {
    name: "one recv is taken for one message",
    mending: "TCP carries bytes, not messages: one recv() may bring half a message, or two. End each message with a newline, gather what comes in a buffer, \
              and handle every whole line in it; in Python, `for line in connection.makefile()` does it.",
};

pub(crate) const ONE_CLIENT: Diagnosis = Diagnosis {
    name: "“multi-client” that is not",
    mending: "Between accept() and the next accept() nothing may wait for a client: start a thread for each connection at once, and read the name, too, in \
              that thread. Hold no lock while you recv() or send().",
};

pub(crate) const GONE_CLIENT: Diagnosis = Diagnosis {
    name: "a client that vanishes takes others down",
    mending: "recv() and send() raise ConnectionResetError or BrokenPipeError when that client is gone: catch OSError around each of them, forget that one \
              client, close its socket and no other, and go on. While you send to all, go through a copy of the list.",
};

pub(crate) const ENDS_WITH_CLIENT: Diagnosis = Diagnosis {
    name: "the server ends with its client",
    mending: "Put accept() into a loop: when one client's session has ended, close its socket, not the listening one, and accept the next.",
};

pub(crate) const NOT_ENDED: Diagnosis = Diagnosis {
    name: "the session is not ended",
    mending: "At `q` the server leaves the loop of this client and closes its connection; strip() what came, so that `q` with a newline is a `q` too.",
};

pub(crate) const ADDRESS_IN_USE: Diagnosis = Diagnosis {
    name: "the address is in use on restart",
    mending: "Before bind(), say setsockopt(SOL_SOCKET, SO_REUSEADDR, 1): without it the port stays taken for a minute after a server that had a client has ended.",
};

pub(crate) const DATAGRAM: Diagnosis = Diagnosis {
    name: "a datagram stops the server",
    mending: "Anybody may send anything, an empty datagram too, and the one who asked may be gone before the answer: handle each datagram within try/except in the \
              loop, and answer whoever recvfrom() names, each at its own address.",
};

pub(crate) const STALE: Diagnosis = Diagnosis {
    name: "stale time",
    mending: "Ask the clock when a request is answered, inside the loop. What was asked once before it stays as it was.",
};

pub(crate) const NOT_TOLD: Diagnosis = Diagnosis {
    name: "members are not told",
    mending: "Keep a list of the logged-in members; when one joins, says something or leaves, send the line to every one of them, with the name in front.",
};

pub(crate) const COUNT: Diagnosis = Diagnosis {
    name: "the line of a leaving, or its count, is missing or wrong",
    mending: "However a member goes (`quit`, a closed connection, a broken one), one place takes it from the list first, and then tells the others with the \
              list's length as the count.",
};

pub(crate) const DUPLICATE: Diagnosis = Diagnosis {
    name: "duplicate names are accepted",
    mending: "Before a name is entered into the list, look whether it is there (under the lock, where there are threads); if so, say so and let the client try another.",
};

pub(crate) const LATE: Diagnosis = Diagnosis {
    name: "output that only appears at exit",
    mending: "What is printed waits in a buffer until that is full or the program ends: say print(…, flush=True), or fflush(stdout) in C, \
              or end what is printed with a newline.",
};

pub(crate) const FORMAT: Diagnosis = Diagnosis {
    name: "what is badly formatted is not caught",
    mending: "Before anything is sent, split() the line: there have to be three parts, of which the first and the last are read by float() without \
              ValueError, and the second is one of + - * /. Otherwise print a warning and ask again.",
};

pub(crate) const COMMANDS: Diagnosis = Diagnosis {
    name: "commands that do not exist are not refused",
    mending: "Compare the command with each one that there is (strip() it first); in the last else:, print “Invalid command”, send nothing, and go back to the prompt.",
};

pub(crate) const NUMBERS: Diagnosis = Diagnosis {
    name: "good numbers are refused",
    mending: "Check each number with float() within try/except ValueError: isdigit() and int() know no sign and no point. Split the line at spaces first, so that \
              the minus of `-6` is no operator.",
};

pub(crate) const NOT_SENT: Diagnosis = Diagnosis {
    name: "what is typed is not sent at once",
    mending: "Send what the user typed as soon as Enter is pressed, and before you wait for anything from the server; a server says nothing to a name, and may have \
              nothing to say to a line.",
};

pub(crate) const NOT_SHOWN: Diagnosis = Diagnosis {
    name: "what the server says is not shown",
    mending: "print() each message that recv() brings, in a loop that goes on as long as the connection does.",
};

pub(crate) const NOT_ASKED: Diagnosis = Diagnosis {
    name: "the user is not asked",
    mending: "Before the program waits for the user, it says for what: input(\"Enter login name: \"), or print(…, flush=True) before the line is read.",
};

pub(crate) const AT_PROMPT: Diagnosis = Diagnosis {
    name: "messages are shown only after Enter is pressed",
    mending: "One thread cannot wait in input() and in recv() at once. Start a second one that does nothing but recv() and print() (daemon=True), or wait for both \
              the keyboard and the socket with select().",
};

pub(crate) const STAYS: Diagnosis = Diagnosis {
    name: "the client does not end",
    mending: "When the user wants to leave, send the word for it if the lab has one, leave the loop, and close the socket. A thread that still waits in recv() \
              keeps the program alive: start it with daemon=True.",
};

pub(crate) const ACK: Diagnosis = Diagnosis {
    name: "the acknowledgement is not waited for",
    mending: "After the name is sent, recv() the “ack” before the loop with the prompt begins.",
};

pub(crate) const SAME_NAME: Diagnosis = Diagnosis {
    name: "all instances have the same name",
    mending: "Append a random number to the name when the program starts: name = f\"client{random.randint(1, 100000)}\".",
};

pub(crate) const NOT_PRINTED: Diagnosis = Diagnosis {
    name: "the server does not print what the sheet asks for",
    mending: "Print the words of the sheet, with print(…, flush=True) where the output may go to a file.",
};

pub(crate) const SERVER_GONE: Diagnosis = Diagnosis {
    name: "the server's end is not handled",
    mending: "When the server has closed, recv() gives b'' (or raises ConnectionResetError) and send() raises BrokenPipeError: look for both, tell the user, \
              close the socket, and end. A loop that goes on with b'' spins.",
};

pub(crate) const APART: Diagnosis = Diagnosis {
    name: "the two programs do not meet",
    mending: "The client has to connect to the very port at which the server listens: compare the number in bind() with the one in connect() or sendto().",
};

pub(crate) const LIMIT_LOST: Diagnosis = Diagnosis {
    name: "the limit ends being enforced once somebody has left",
    mending: "Count those who are there now: before each accept()ed client is served, compare len(clients) with the limit, and add it to the list; in the `finally` of its \
              thread take it out again, once. A counter that is set back to 0, or a limit that is asked for only while the list fills for the first time, does not hold.",
};

pub(crate) const LIMIT_LEAKS: Diagnosis = Diagnosis {
    name: "places are not given back",
    mending: "However a client goes (`Exit`, a closed connection, a broken one, a timeout), its place is free: put `clients.remove(connection)` into one `finally` around \
              the whole session, and not behind the one way out that you thought of.",
};

pub(crate) const TIMEOUT_LOST: Diagnosis = Diagnosis {
    name: "the timeout ends being enforced after the first client",
    mending: "Each connection has its own timeout: say connection.settimeout(seconds) for every one that accept() gives, catch socket.timeout around its recv(), and close \
              that connection only. A timeout of the listening socket is about accept(), and ends the server.",
};

pub(crate) const MIXED: Diagnosis = Diagnosis {
    name: "what one client begins, another ends",
    mending: "Over UDP one socket hears all clients, and no connection tells them apart: keep a client's first number in a dictionary by the address that recvfrom() names, and \
              add the second only to that one.",
};

pub(crate) const ONE_NAME: Diagnosis = Diagnosis {
    name: "all clients have one name",
    mending: "A global variable has one value for all clients. Keep what belongs to a client, its name first, in variables of the function that serves it, or in a \
              dictionary by its connection.",
};

pub(crate) const NOT_KEPT: Diagnosis = Diagnosis {
    name: "what is posted does not come back",
    mending: "Keep one list, made once before the loop: POST appends to it whatever stands behind the first space, GET sends all of it to whoever asks, and nothing but the \
              server's end empties it. `text.split(\" \", 1)[1]` is all of the text; `split()[1]` is its first word.",
};

pub(crate) const CUT: Diagnosis = Diagnosis {
    name: "long or many texts are cut",
    mending: "recvfrom(65535) takes a datagram of any size; of one that is larger than what is asked for the rest is lost. A datagram holds 65507 bytes at most, so send \
              each text as one of its own.",
};

pub(crate) const KEYS: Diagnosis = Diagnosis {
    name: "the keys are not exchanged",
    mending: "After accept(): RSA.import_key(connection.recv(4096)) is the client's key, and connection.send(key.publickey().export_key()) gives it yours; the private one never \
              leaves the program.",
};

pub(crate) const TURNS: Diagnosis = Diagnosis {
    name: "the talk does not go to and fro",
    mending: "In one loop: recv() a block, decrypt it with PKCS1_OAEP.new(own_private_key), show it; then input() a line, encrypt it with PKCS1_OAEP.new(client_public_key), and send \
              it. Print with flush=True what somebody is to answer.",
};

pub(crate) const GOOD_BYE: Diagnosis = Diagnosis {
    name: "Good Bye does not end the talk",
    mending: "Compare the decrypted text, and what was typed, with exactly \"Good Bye\"; the one that was typed is sent first. Then leave the loop and close the connection.",
};

pub(crate) const TALK_CRASHES: Diagnosis = Diagnosis {
    name: "an over-long RSA text or a closed peer crashes it",
    mending: "A block holds at most key.size_in_bytes() - 42 bytes of text: ask for a shorter one, or send it as several messages. recv() gives b'' when the peer has closed, \
              and decrypt() raises ValueError for what is no block of yours: check for the one, catch the other, and say that the talk is over.",
};

pub(crate) const HALF_A_BLOCK: Diagnosis = Diagnosis {
    name: "one recv is taken for one block",
    mending: "TCP carries bytes, not blocks: recv() in a loop until key.size_in_bytes() of them are there, and decrypt only then.",
};

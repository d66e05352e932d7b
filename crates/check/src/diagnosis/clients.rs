//! What goes wrong in clients, and in servers that only print.

use super::Diagnosis;

pub(crate) const TYPED: Diagnosis = Diagnosis {
    name: "what is typed is not sent",
    mending: "Read the line with input() (or Scanner.nextLine(), or fgets()), and send that line itself, encoded as UTF-8, to the address at which the server \
              listens; nothing else before it.",
};

pub(crate) const ANSWER_UNSEEN: Diagnosis = Diagnosis {
    name: "the answer is not shown",
    mending: "After sending, recv() (recvfrom() over UDP) what the server says, decode() it, and print it. Where the server ends its messages without a newline, \
              do not wait for one: readline() would.",
};

pub(crate) const NOT_FORWARDED: Diagnosis = Diagnosis {
    name: "“q” is not forwarded",
    mending: "Send the “q” as every other line, and close then: the server ends the session when it hears it.",
};

pub(crate) const LANGUAGE: Diagnosis = Diagnosis {
    name: "text in other languages is lost",
    mending: "Send line.encode(), which is UTF-8, and not encode(\"ascii\"); print data.decode() of what comes: b'…' are bytes, and no text.",
};

pub(crate) const ONE_LINE: Diagnosis = Diagnosis {
    name: "it takes one line only",
    mending: "Put reading, sending and printing into a loop, so that the user need not start the program again for the next line.",
};

pub(crate) const LOST: Diagnosis = Diagnosis {
    name: "a lost datagram is waited for without end",
    mending: "UDP may lose the request or the answer. Say settimeout(2) for the socket, catch the timeout around recvfrom(), tell the user that no answer came, and \
              go on.",
};

pub(crate) const REQUESTS: Diagnosis = Diagnosis {
    name: "the sheet's requests are not sent",
    mending: "The client chooses by itself and asks nobody: random.choice([\"SEND_DATE\", \"SEND_TIME\"]), encoded, is the whole message, each time anew.",
};

pub(crate) const ASKS_ONCE: Diagnosis = Diagnosis {
    name: "it asks once and no more",
    mending: "Put request, answer and pause into `while True:`, so that the next request follows without anybody's doing.",
};

pub(crate) const PAUSE: Diagnosis = Diagnosis {
    name: "the pause is not as the sheet has it",
    mending: "Within the loop, after each answer: time.sleep(random.uniform(1, 2)). Drawn once before the loop it would always be the same.",
};

pub(crate) const SEQUENCE: Diagnosis = Diagnosis {
    name: "the numbers are not in sequence",
    mending: "Start with 1, send str(number).encode() as the whole message, and then say number = number % 100 + 1, which goes from 100 to 1.",
};

pub(crate) const UNBOUND: Diagnosis = Diagnosis {
    name: "the client is not bound to its port",
    mending: "Before the first sendto(), say client.bind((\"\", 11000)) in c1, and 13000 in c2: without it the system chooses another port each time.",
};

pub(crate) const NO_DELAY: Diagnosis = Diagnosis {
    name: "it sends without a pause",
    mending: "Put time.sleep(0.5) into the loop: nobody can read so many lines, and a datagram that finds the server's buffer full is lost.",
};

pub(crate) const NOT_PRINTED: Diagnosis = Diagnosis {
    name: "what was received is not printed",
    mending: "Print each message in the loop as soon as recv() or recvfrom() has brought it, before anything else is waited for, with print(…, flush=True) where the \
              line does not end with a newline.",
};

pub(crate) const SENDERS: Diagnosis = Diagnosis {
    name: "the clients are not told apart",
    mending: "recvfrom() gives the sender's address beside the message: print its port, caddr[1], which is 11000 or 13000. Who sent a datagram cannot be known from the \
              order in which they come.",
};

pub(crate) const NOT_MET: Diagnosis = Diagnosis {
    name: "the answer does not come to the user",
    mending: "Both have to use the same address, port and transport (TCP or UDP), and to agree where a message ends: a readline() waits for ever for a newline that \
              the other never sends.",
};

pub(crate) const PART_POSTED: Diagnosis = Diagnosis {
    name: "only a part of the text is posted",
    mending: "Send the line as the user typed it, with its quotes and in UTF-8: client.sendto(line.encode(), address). `line.split()[1]` is the first word of the text only.",
};

pub(crate) const FIRST_TEXT: Diagnosis = Diagnosis {
    name: "not all texts are shown",
    mending: "Print the whole of what recvfrom(65535) brings, all its lines. A server may send each text in a datagram of its own: call recvfrom() in a loop that prints each, \
              until the server's last message, or until settimeout(2) tells that nothing more comes.",
};

pub(crate) const OWN_KEY: Diagnosis = Diagnosis {
    name: "the server is not given the public key",
    mending: "After connect(): client.send(key.publickey().export_key()) gives the server your key, and RSA.import_key(client.recv(4096)) is the server's; the private one never \
              leaves the program.",
};

pub(crate) const NOT_ENCRYPTED: Diagnosis = Diagnosis {
    name: "what is typed is not encrypted to the server",
    mending: "PKCS1_OAEP.new(server_public_key).encrypt(line.encode()) is the whole message, with the key that the server sent and not with your own; send it as soon as Enter is \
              pressed.",
};

pub(crate) const NOT_DECRYPTED: Diagnosis = Diagnosis {
    name: "what the server says is not decrypted and shown",
    mending: "recv() the block that the server sends, decrypt it with PKCS1_OAEP.new(own_private_key), decode() it, and print it before the next line is asked for.",
};

pub(crate) const ONE_ROUND: Diagnosis = Diagnosis {
    name: "the talk is over after one message each",
    mending: "Put asking, sending, receiving and showing into `while True:`, which only “Good Bye” ends; the keys are exchanged once, before it.",
};

pub(crate) const NOT_HEARD: Diagnosis = Diagnosis {
    name: "what one says does not come to the other",
    mending: "Both have to use the same address and port, to send their keys in the same order, and to encrypt with the other's public key. First the client's user types and the \
              server shows it, then the server's types and the client shows it; print with flush=True.",
};

pub(crate) const READABLE: Diagnosis = Diagnosis {
    name: "who listens on the way can read what is said",
    mending: "Only send() what PKCS1_OAEP.new(other_public_key).encrypt() has given, in both programs; look at it with `socketlab watch`. A private key is never sent: whoever hears \
              it reads all.",
};

pub(crate) const BUSY: Diagnosis = Diagnosis {
    name: "a server that is busy is not understood",
    mending: "The first that recv() brings may be “Server Is Busy”, and behind it comes b'', the end: print what the server says before you ask for numbers, close the socket, \
              and end. A loop that waits for another text spins.",
};

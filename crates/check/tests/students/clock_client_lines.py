# The clock's client, over TCP, with asyncio, in lines or else "bare"; it takes turns with its requests.
import asyncio
import itertools
import random
import sys

is_bare = sys.argv[1:] == ["bare"]


async def main():
    reader, writer = await asyncio.open_connection("localhost", 12003)
    for request in itertools.cycle(["SEND_DATE", "SEND_TIME"]):
        writer.write(request.encode() + (b"" if is_bare else b"\n"))
        await writer.drain()
        answer = await (reader.read(100) if is_bare else reader.readline())
        if not answer:
            print("The server closed the connection.")
            break
        print(f"[{request}] {answer.decode().strip()}")
        await asyncio.sleep(random.uniform(1, 2))


asyncio.run(main())

# The chat's client with asyncio, in lines, which asks for the name once it is connected. Its argument is the mistake that it makes.
import asyncio
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""


async def lines(reader):
    if bug == "first-line":
        while data := await reader.read(1024):
            if b"\n" in data:
                yield data.split(b"\n")[0]
    elif bug == "one-recv":
        # Half a line is thrown away.
        while data := await reader.read(1024):
            for line in data.split(b"\n")[:-1]:
                yield line
    else:
        async for line in reader:
            yield line


async def listen(reader):
    async for line in lines(reader):
        print("\r" + line.decode().strip(), "\n> ", end="", flush=True)
    print("\rThe room is closed.")


async def talk(writer):
    loop = asyncio.get_running_loop()
    keyboard = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(keyboard), sys.stdin)
    print("Enter login name:")
    while line := await keyboard.readline():
        print("> ", end="", flush=True)
        writer.write(line)
        if line.strip() in (b"quit", b"q"):
            break


async def main():
    reader, writer = await asyncio.open_connection("localhost", 9999)
    both = [asyncio.create_task(listen(reader)), asyncio.create_task(talk(writer))]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()


asyncio.run(main())

# Adds two numbers with asyncio, and says so in a sentence.
import asyncio
import re


async def session(reader, writer):
    name = (await reader.read(100)).decode(errors="replace").strip()
    print("Connection initiated by", name)
    writer.write(b"ACK")
    try:
        while data := await reader.read(100):
            numbers = re.findall(rb"-?\d+", data)
            if len(numbers) == 2:
                writer.write(b"The sum is %d." % (int(numbers[0]) + int(numbers[1])))
            else:
                writer.write(b"Invalid")
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main():
    await (await asyncio.start_server(session, "0.0.0.0", 9000)).serve_forever()


asyncio.run(main())

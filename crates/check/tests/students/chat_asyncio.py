# A chat room with asyncio, in lines; two with one name are told apart by a number.
import asyncio
from time import strftime

writers = {}


def broadcast(line, but=None):
    for name, writer in writers.items():
        if name != but and not writer.is_closing():
            writer.write(line.encode() + b"\n")


async def session(reader, writer):
    writer.write(b"Welcome! What is your name?\n")
    name = None
    try:
        wanted = (await reader.readline()).decode(errors="replace").strip()
        if not wanted:
            return
        name, number = wanted, 2
        while name in writers:
            name, number = f"{wanted}_{number}", number + 1
        writers[name] = writer
        broadcast(f"Server: time={strftime('%H.%M')} {name} has joined. Member count={len(writers)}")
        while line := await reader.readline():
            text = line.decode(errors="replace").strip()
            if text in ("quit", "q", "/quit"):
                break
            broadcast(f"{name}: {text}", but=name)
    except (ConnectionError, ValueError):
        pass
    finally:
        if writers.pop(name, None):
            broadcast(f"Server: time={strftime('%H.%M')} {name} has left. Member count={len(writers)}")
        writer.close()


async def main():
    server = await asyncio.start_server(session, "", 6000)
    await server.serve_forever()


asyncio.run(main())

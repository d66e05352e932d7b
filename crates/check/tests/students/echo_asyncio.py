# Echo with asyncio.
import asyncio


async def session(reader, writer):
    address = writer.get_extra_info("peername")
    try:
        while data := await reader.read(1024):
            print(f"{address} said {data!r}")
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        print(address, "is gone")
    writer.close()


async def main():
    server = await asyncio.start_server(session, "127.0.0.1", 8888)
    async with server:
        await server.serve_forever()


asyncio.run(main())

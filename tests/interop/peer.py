"""The Python package `websockets` as a peer of Vernal: `peer.py client URL` or `peer.py server`."""

import asyncio
import random
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory as Offer,
    ServerPerMessageDeflateFactory as Answer,
)

LENGTHS = [0, 1, 125, 126, 127, 128, 1_000, 65_535, 65_536, 300_000]


def messages():
    """Texts and bytes that compress well, badly, and in between."""
    noise = random.Random(7)
    for length in LENGTHS:
        yield "κόσμε "[: length % 7] + "a" * length
        yield noise.randbytes(length)
        yield "".join(noise.choices("abcdefgh ", k=length))


async def client(url):
    offers = [
        None,
        [Offer()],
        [Offer(client_max_window_bits=True)],
        [Offer(server_no_context_takeover=True, client_no_context_takeover=True)],
        [Offer(server_max_window_bits=9, client_max_window_bits=9)],
        [Offer(server_max_window_bits=12, client_max_window_bits=15)],
    ]
    for offer in offers:
        async with connect(
            url, compression=None, extensions=offer, subprotocols=["chat.v2", "chat.v1"], max_size=None
        ) as ws:
            agreed = [extension.name for extension in ws.protocol.extensions]
            assert agreed == (["permessage-deflate"] if offer else []), agreed
            assert ws.subprotocol == "chat.v1", ws.subprotocol
            for message in messages():
                await ws.send(message)
                assert await ws.recv() == message, f"{offer} {len(message)}"
            # In frames, with a ping between.
            await ws.send(["in ", "three ", "frames"])
            assert await ws.recv() == "in three frames"
            await (await ws.ping("are you there?"))
            await ws.send("close")
            try:
                await ws.recv()
                raise AssertionError("a message after the end")
            except ConnectionClosed as closed:
                assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "as asked"), closed
        async with connect(url, compression=None, extensions=offer) as ws:
            await ws.close(4002, "bye")
            assert (ws.close_code, ws.close_reason) == (4002, "bye"), ws.close_code
    print("ok")


async def server():
    async def echo(ws):
        async for message in ws:
            if message == "close":
                await ws.close(4001, "as asked")
            elif message == "ping":
                await (await ws.ping("are you there?"))
                await ws.send("pong")
            elif message == "frames":
                await ws.send(["in ", "three ", "frames"])
            elif message == "extensions":
                await ws.send(" ".join(extension.name for extension in ws.protocol.extensions))
            else:
                await ws.send(message)

    answers = [Answer(client_max_window_bits=15)]
    async with serve(
        echo, "127.0.0.1", 0, compression=None, extensions=answers, subprotocols=["chat.v1"], max_size=None
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        # Until whoever started it goes away.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(client(sys.argv[2]) if sys.argv[1] == "client" else server())

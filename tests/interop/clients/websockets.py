"""PyPI's `websockets`, by its asyncio interface."""

import websockets
from driver import Refused
from websockets.asyncio import client
from websockets.exceptions import ConnectionClosed, InvalidStatus

VERSION = websockets.__version__


async def connect(url, deflate, subprotocols):
    try:
        ws = await client.connect(url, compression="deflate" if deflate else None, subprotocols=subprotocols)
    except InvalidStatus as refused:
        raise Refused(refused.response.status_code, refused.response.body)
    return Session(ws)


class Session:
    def __init__(self, ws):
        self.ws = ws

    async def text(self, text):
        await self.ws.send(text)

    binary = fragments = text

    async def ping(self, payload):
        await (await self.ws.ping(payload))
        return "pong", payload

    async def next(self):
        try:
            message = await self.ws.recv()
        except ConnectionClosed:
            return "close", self.ws.close_code, self.ws.close_reason
        return ("text" if isinstance(message, str) else "binary"), message

    async def subprotocol(self):
        return "subprotocol", self.ws.subprotocol

    async def close(self, *reason):
        await self.ws.close(*reason)

    leave = close

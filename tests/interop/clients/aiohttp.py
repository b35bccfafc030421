"""PyPI's `aiohttp`. Pongs are shown only to those who answer pings themselves."""

import aiohttp
from aiohttp import WSMsgType
from driver import Refused

VERSION = aiohttp.__version__


async def connect(url, deflate, subprotocols):
    session = aiohttp.ClientSession()
    try:
        ws = await session.ws_connect(url, compress=15 if deflate else 0, protocols=subprotocols, autoping=False)
    except aiohttp.WSServerHandshakeError as refused:
        await session.close()
        raise Refused(refused.status)
    return Session(session, ws)


class Session:
    def __init__(self, session, ws):
        self.session, self.ws = session, ws

    async def text(self, text):
        await self.ws.send_str(text)

    async def binary(self, payload):
        await self.ws.send_bytes(payload)

    async def ping(self, payload):
        await self.ws.ping(payload.encode())
        return await self.next()

    async def next(self):
        if self.ws.closed:
            return "close", self.ws.close_code, None
        message = await self.ws.receive()
        if message.type == WSMsgType.PING:
            await self.ws.pong(message.data)
            return await self.next()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED):
            return "close", message.data, message.extra
        kinds = {WSMsgType.TEXT: "text", WSMsgType.BINARY: "binary", WSMsgType.PONG: "pong"}
        return kinds.get(message.type, str(message.type)), message.data

    async def subprotocol(self):
        return "subprotocol", self.ws.protocol

    async def close(self, code=1000, reason=""):
        await self.ws.close(code=code, message=reason.encode())

    async def leave(self):
        await self.ws.close()
        await self.session.close()

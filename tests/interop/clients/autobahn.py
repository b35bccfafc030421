"""PyPI's `autobahn`, by its asyncio interface."""

import asyncio
from urllib.parse import urlsplit

import autobahn
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponseAccept

VERSION = autobahn.__version__


async def connect(url, deflate, subprotocols):
    factory = WebSocketClientFactory(url, protocols=subprotocols)
    factory.protocol = Session
    if deflate:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=PerMessageDeflateResponseAccept,
        )
    parts = urlsplit(url)
    _, session = await asyncio.get_running_loop().create_connection(factory, parts.hostname, parts.port)
    await session.opening.wait()
    return session


class Session(WebSocketClientProtocol):
    def __init__(self):
        super().__init__()
        self.events = asyncio.Queue()
        self.opening = asyncio.Event()

    def onOpen(self):
        self.opening.set()

    def onMessage(self, payload, isBinary):
        self.events.put_nowait(("binary" if isBinary else "text", payload))

    def onPong(self, payload):
        self.events.put_nowait(("pong", payload))

    def onClose(self, wasClean, code, reason):
        self.opening.set()
        self.events.put_nowait(("close", code, reason))

    async def text(self, text):
        self.sendMessage(text.encode())

    async def binary(self, payload):
        self.sendMessage(payload, isBinary=True)

    async def fragments(self, pieces):
        self.beginMessage()
        for piece in pieces:
            self.sendMessageFrame(piece.encode())
        self.endMessage()

    async def ping(self, payload):
        self.sendPing(payload.encode())
        return await self.next()

    async def next(self):
        return await self.events.get()

    async def subprotocol(self):
        return "subprotocol", self.websocket_protocol_in_use

    async def close(self, *reason):
        self.sendClose(*reason)

    async def leave(self):
        self.sendClose()
        await self.is_closed

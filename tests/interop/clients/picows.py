"""PyPI's `picows`, which hands its user frames."""

import asyncio
from importlib.metadata import version

import picows
from driver import Cannot, Refused
from picows import WSMsgType

VERSION = version("picows")


async def connect(url, deflate, subprotocols):
    if deflate:
        raise Cannot("deflate")
    try:
        _, session = await picows.ws_connect(Session, url, extra_headers={"Sec-WebSocket-Protocol": ", ".join(subprotocols)})
    except picows.WSInvalidStatusError as refused:
        raise Refused(int(refused.response.status), refused.raw_body)
    return session


class Session(picows.WSListener):
    def __init__(self):
        self.events = asyncio.Queue()
        self.pieces = []

    def on_ws_connected(self, transport):
        self.transport = transport

    def on_ws_frame(self, transport, frame):
        payload = frame.get_payload_as_bytes()
        if frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            if frame.msg_type != WSMsgType.CONTINUATION:
                self.kind = "text" if frame.msg_type == WSMsgType.TEXT else "binary"
            self.pieces.append(payload)
            if frame.fin:
                self.events.put_nowait((self.kind, b"".join(self.pieces)))
                self.pieces = []
        elif frame.msg_type == WSMsgType.PONG:
            self.events.put_nowait(("pong", payload))
        elif frame.msg_type == WSMsgType.CLOSE:
            self.events.put_nowait(("close", int(frame.get_close_code()), frame.get_close_message()))
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    async def text(self, text):
        self.transport.send(WSMsgType.TEXT, text.encode())

    async def binary(self, payload):
        self.transport.send(WSMsgType.BINARY, payload)

    async def fragments(self, pieces):
        for at, piece in enumerate(pieces):
            kind = WSMsgType.CONTINUATION if at else WSMsgType.TEXT
            self.transport.send(kind, piece.encode(), fin=at + 1 == len(pieces))

    async def ping(self, payload):
        self.transport.send_ping(payload.encode())
        return await self.next()

    async def next(self):
        return await self.events.get()

    async def subprotocol(self):
        return "subprotocol", self.transport.response.headers.get("Sec-WebSocket-Protocol")

    async def close(self, code=picows.WSCloseCode.OK, reason=""):
        self.transport.send_close(picows.WSCloseCode(code) if code < 4000 else code, reason.encode())

    async def leave(self):
        self.transport.send_close(picows.WSCloseCode.OK)
        await self.transport.wait_disconnected()

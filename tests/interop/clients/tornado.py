"""PyPI's `tornado`."""

import asyncio

import tornado
from driver import Refused
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

VERSION = tornado.version


async def connect(url, deflate, subprotocols):
    try:
        ws = await websocket_connect(url, compression_options={} if deflate else None, subprotocols=subprotocols)
    except HTTPClientError as refused:
        raise Refused(refused.code, refused.response and refused.response.body)
    return Session(ws)


class Session:
    def __init__(self, ws):
        self.ws = ws
        self.has_ended = False
        self.pongs = asyncio.Queue()
        ws.on_pong = self.pongs.put_nowait

    async def text(self, text):
        await self.ws.write_message(text)

    async def binary(self, payload):
        await self.ws.write_message(payload, binary=True)

    async def ping(self, payload):
        self.ws.ping(payload.encode())
        return "pong", await self.pongs.get()

    async def next(self):
        message = await self.ws.read_message()
        if message is None:
            self.has_ended = True
            return "close", self.ws.close_code, self.ws.close_reason
        return ("text" if isinstance(message, str) else "binary"), message

    async def subprotocol(self):
        return "subprotocol", self.ws.selected_subprotocol

    async def close(self, *reason):
        self.ws.close(*reason)

    async def leave(self):
        self.ws.close()
        while not self.has_ended:
            await self.next()

"""PyPI's `lomond`, which is a generator of events."""

import lomond
from driver import Refused

VERSION = lomond.__version__


async def connect(url, deflate, subprotocols):
    ws = lomond.WebSocket(url, protocols=subprotocols, compress=deflate)
    events = ws.connect(ping_rate=0, poll=0.05)
    for event in events:
        if event.name == "rejected":
            raise Refused(event.response.status_code)
        if event.name == "ready":
            return Session(ws, events, event.protocol)
    raise ConnectionError("no session")


class Session:
    def __init__(self, ws, events, protocol):
        self.ws, self.events, self.protocol = ws, events, protocol

    async def text(self, text):
        self.ws.send_text(text)

    async def binary(self, payload):
        self.ws.send_binary(payload)

    async def ping(self, payload):
        self.ws.send_ping(payload.encode())
        return await self.next()

    async def next(self):
        for event in self.events:
            match event.name:
                case "text":
                    return "text", event.text
                case "binary" | "pong":
                    return event.name, event.data
                case "closing" | "closed":
                    return "close", event.code, event.reason
        return ("ended",)

    async def subprotocol(self):
        return "subprotocol", self.protocol

    async def close(self, *reason):
        self.ws.close(*reason)

    async def leave(self):
        self.ws.close()
        for _ in self.events:
            pass

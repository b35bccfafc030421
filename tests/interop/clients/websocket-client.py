"""PyPI's `websocket-client`, by `create_connection` and `recv_data`, which shows control frames too."""

import websocket
from driver import Cannot, Refused
from websocket import ABNF

VERSION = websocket.__version__


async def connect(url, deflate, subprotocols):
    if deflate:
        raise Cannot("deflate")
    try:
        ws = websocket.create_connection(url, subprotocols=subprotocols, timeout=30)
    except websocket.WebSocketBadStatusException as refused:
        raise Refused(refused.status_code, refused.resp_body)
    return Session(ws)


class Session:
    def __init__(self, ws):
        self.ws = ws

    async def text(self, text):
        self.ws.send_text(text)

    async def binary(self, payload):
        self.ws.send_binary(payload)

    async def fragments(self, pieces):
        for at, piece in enumerate(pieces):
            opcode = ABNF.OPCODE_CONT if at else ABNF.OPCODE_TEXT
            self.ws.send_frame(ABNF.create_frame(piece, opcode, fin=int(at + 1 == len(pieces))))

    async def ping(self, payload):
        self.ws.ping(payload)
        return await self.next()

    async def next(self):
        opcode, payload = self.ws.recv_data(control_frame=True)
        if opcode == ABNF.OPCODE_PING:
            return await self.next()
        if opcode == ABNF.OPCODE_CLOSE:
            return "close", int.from_bytes(payload[:2], "big"), payload[2:]
        kinds = {ABNF.OPCODE_TEXT: "text", ABNF.OPCODE_BINARY: "binary", ABNF.OPCODE_PONG: "pong"}
        return kinds[opcode], payload

    async def subprotocol(self):
        return "subprotocol", self.ws.subprotocol

    async def close(self, code=None, reason=""):
        if code is None:
            self.ws.close()
        else:
            self.ws.send_close(code, reason.encode())

    async def leave(self):
        self.ws.close()

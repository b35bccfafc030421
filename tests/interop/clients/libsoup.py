"""Debian's libsoup 3, by its introspection. Its main loop is turned by whoever waits."""

import gi

gi.require_version("Soup", "3.0")
from driver import Cannot, Refused
from gi.repository import GLib, Soup

VERSION = f"{Soup.get_major_version()}.{Soup.get_minor_version()}.{Soup.get_micro_version()}"


async def connect(url, deflate, subprotocols):
    if deflate:
        raise Cannot("deflate")
    session, message = Soup.Session(), Soup.Message.new("GET", url)
    results = []
    # What comes with the 101 is told as soon as the loop turns, so that nobody may wait between.
    ws = []

    def opened(session, result):
        try:
            ws.append(Session(session, session.websocket_connect_finish(result)))
        except GLib.Error as error:
            results.append(error)

    session.websocket_connect_async(message, None, subprotocols, GLib.PRIORITY_DEFAULT, None, opened)
    turn(lambda: ws or results)
    if ws:
        return ws[0]
    if message.get_status() != 101:
        raise Refused(int(message.get_status()))
    raise results[0]


def turn(is_done):
    context = GLib.MainContext.default()
    while not is_done():
        context.iteration(True)


class Session:
    def __init__(self, session, ws):
        self.session, self.ws, self.events = session, ws, []
        ws.connect("message", self.on_message)
        ws.connect("pong", lambda _, payload: self.events.append(("pong", payload.get_data())))
        ws.connect("error", lambda _, error: self.events.append(("error", error.message)))
        ws.connect("closed", lambda ws: self.events.append(("close", ws.get_close_code(), ws.get_close_data())))

    def on_message(self, _, kind, payload):
        kind = "text" if kind == Soup.WebsocketDataType.TEXT else "binary"
        self.events.append((kind, payload.get_data() or b""))

    async def text(self, text):
        self.ws.send_text(text)

    async def binary(self, payload):
        self.ws.send_message(Soup.WebsocketDataType.BINARY, GLib.Bytes(payload))

    async def next(self):
        turn(lambda: self.events)
        return self.events.pop(0)

    async def subprotocol(self):
        return "subprotocol", self.ws.get_protocol()

    async def close(self, code=1000, reason=None):
        self.ws.close(code, reason)

    async def leave(self):
        if self.ws.get_state() == Soup.WebsocketState.OPEN:
            self.ws.close(1000, None)
        turn(lambda: self.ws.get_state() == Soup.WebsocketState.CLOSED)

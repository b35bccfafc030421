"""Qt's QWebSocket, by the binding that is named behind it: PyQt5 or PyQt6. Its loop is turned by whoever waits."""

import atexit
import importlib
import sys

from driver import Cannot

BINDING = sys.argv[2]
QtCore = importlib.import_module(f"{BINDING}.QtCore")
QtWebSockets = importlib.import_module(f"{BINDING}.QtWebSockets")

VERSION = QtCore.qVersion()
APPLICATION = QtCore.QCoreApplication([])
SESSIONS = []
# What is freed at the end has nothing to tell any more.
atexit.register(lambda: [session.ws.blockSignals(True) for session in SESSIONS])


async def connect(url, deflate, subprotocols):
    if deflate:
        raise Cannot("deflate")
    session = Session()
    SESSIONS.append(session)
    if hasattr(QtWebSockets, "QWebSocketHandshakeOptions"):
        options = QtWebSockets.QWebSocketHandshakeOptions()
        options.setSubprotocols(subprotocols)
        session.ws.open(QtCore.QUrl(url), options)
    else:
        session.ws.open(QtCore.QUrl(url))
    first = await session.next()
    if first != ("open",):
        session.events.insert(0, first)
    return session


class Session:
    def __init__(self):
        self.events = []
        self.ws = ws = QtWebSockets.QWebSocket()
        ws.connected.connect(lambda: self.events.append(("open",)))
        ws.textMessageReceived.connect(lambda text: self.events.append(("text", text)))
        ws.binaryMessageReceived.connect(lambda payload: self.events.append(("binary", bytes(payload))))
        ws.pong.connect(lambda _, payload: self.events.append(("pong", bytes(payload))))
        ws.disconnected.connect(self.on_end)
        # So it is called since Qt 6.5.
        (ws.errorOccurred if hasattr(ws, "errorOccurred") else ws.error).connect(lambda _: self.events.append(("error", ws.errorString())))

    def on_end(self):
        code = self.ws.closeCode()
        self.events.append(("close", getattr(code, "value", code), self.ws.closeReason()))

    async def text(self, text):
        self.ws.sendTextMessage(text)

    async def binary(self, payload):
        self.ws.sendBinaryMessage(payload)

    async def ping(self, payload):
        self.ws.ping(payload.encode())
        return await self.next()

    async def next(self):
        while not self.events:
            APPLICATION.processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return self.events.pop(0)

    async def subprotocol(self):
        if not hasattr(self.ws, "subprotocol"):
            raise Cannot("subprotocol")
        return "subprotocol", self.ws.subprotocol()

    async def close(self, code=1000, reason=""):
        self.ws.close(QtWebSockets.QWebSocketProtocol.CloseCode(code), reason)

    async def leave(self):
        self.ws.close()

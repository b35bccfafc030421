// npm's `ws`.

import { Events, Refused, read } from "./driver.mjs";

export async function connect(load, url, deflate, subprotocols) {
  const WebSocket = load("ws");
  const ws = new WebSocket(url, subprotocols, { perMessageDeflate: deflate });
  const events = new Events();
  ws.on("message", (payload, isBinary) => events.add(isBinary ? "binary" : "text", payload));
  ws.on("pong", (payload) => events.add("pong", payload));
  ws.on("close", (code, reason) => events.add("close", code, reason));
  await new Promise((resolve, reject) => {
    ws.on("open", resolve);
    ws.on("error", reject);
    ws.on("unexpected-response", async (_, answer) =>
      reject(new Refused(answer.statusCode, String(await read(answer)))));
  });
  return {
    events,
    text: (text) => ws.send(text),
    binary: (bytes) => ws.send(bytes),
    fragments: (pieces) => pieces.forEach((piece, at) => ws.send(piece, { fin: at + 1 === pieces.length })),
    ping(payload) {
      ws.ping(payload);
      return events.next();
    },
    next: () => events.next(),
    subprotocol: () => ["subprotocol", ws.protocol],
    close: (...reason) => ws.close(...reason),
  };
}

// npm's `undici`, which has the interface of browsers. It offers compression always.

import { once } from "node:events";
import diagnostics from "node:diagnostics_channel";
import { Events } from "./driver.mjs";

export async function connect(load, url, deflate, subprotocols) {
  const { WebSocket, ping } = load("undici");
  const ws = new WebSocket(url, subprotocols);
  ws.binaryType = "arraybuffer";
  const events = new Events();
  ws.addEventListener("message", ({ data }) =>
    typeof data === "string" ? events.add("text", data) : events.add("binary", Buffer.from(data)));
  ws.addEventListener("close", ({ code, reason }) => events.add("close", code, reason));
  const opened = await Promise.race([once(ws, "open"), once(ws, "close")]);
  const session = {
    events,
    text: (text) => ws.send(text),
    binary: (bytes) => ws.send(bytes),
    next: () => events.next(),
    subprotocol: () => ["subprotocol", ws.protocol],
    close: (...reason) => ws.close(...reason),
  };
  if (ping) {
    session.ping = async (payload) => {
      const came = new Promise((resolve) => {
        diagnostics.subscribe("undici:websocket:pong", (message) => message.websocket === ws && resolve(message.payload));
      });
      ping(ws, Buffer.from(payload));
      return ["pong", Buffer.from(await came)];
    };
  }
  return session;
}

// npm's `nodejs-websocket`.

import { Cannot, Events, read } from "./driver.mjs";

export async function connect(load, url, deflate, subprotocols) {
  if (deflate) throw new Cannot("deflate");
  const ws = load("nodejs-websocket").connect(url, { protocols: subprotocols });
  const events = new Events();
  ws.on("text", (text) => events.add("text", text));
  ws.on("binary", (stream) => events.add("binary", read(stream)));
  ws.on("pong", (payload) => events.add("pong", payload));
  ws.on("close", (code, reason) => events.add("close", code, reason));
  await new Promise((resolve, reject) => ws.on("connect", resolve).on("error", reject));
  return {
    events,
    text: (text) => ws.sendText(text),
    binary: (bytes) => ws.sendBinary(bytes),
    ping(payload) {
      ws.sendPing(payload);
      return events.next();
    },
    async next() {
      const [kind, ...values] = await events.next();
      return [kind, ...(await Promise.all(values))];
    },
    subprotocol: () => ["subprotocol", ws.protocol],
    close: (...reason) => ws.close(...reason),
  };
}

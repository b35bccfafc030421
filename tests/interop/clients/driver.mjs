// Drives the npm client that is named: `driver.mjs NAME` reads a session in a line of JSON, plays it with the module NAME.mjs of
// this folder, and prints in a line what was seen, until there are no more lines.
//
// A module exports `connect(load, url, deflate, subprotocols)`, which gives an object with a method for each step that its client
// is able to do: text(string), binary(Buffer), fragments(array), ping(string), close(code, reason), close(), next(),
// subprotocol(). What a method returns was seen. Packages are loaded from the folder MODULES.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export class Refused extends Error {
  constructor(status, body = null) {
    super("refused");
    this.seen = ["refused", status, body];
  }
}

export class Cannot extends Error {}

/** What came, until somebody asks for it. */
export class Events {
  #waiting = [];
  #asking = [];

  add(...event) {
    const ask = this.#asking.shift();
    ask ? ask(event) : this.#waiting.push(event);
  }

  next() {
    const event = this.#waiting.shift();
    return event ? Promise.resolve(event) : new Promise((ask) => this.#asking.push(ask));
  }

  /** Until a close, all that came before forgotten. */
  async end() {
    while (!["close", "error"].includes((await this.next())[0]));
  }
}

/** All that a stream gives. */
export async function read(stream) {
  const pieces = [];
  stream.on("data", (piece) => pieces.push(Buffer.from(piece)));
  await once(stream, "end");
  return Buffer.concat(pieces);
}

const decoded = ([verb, ...values]) => (verb === "binary" ? [verb, Buffer.from(values[0], "base64")] : [verb, ...values]);
const encoded = ([kind, ...values]) => [
  kind,
  ...values.map((value) => (Buffer.isBuffer(value) ? value.toString(kind === "binary" ? "base64" : "utf8") : value)),
];

async function play(connect, session, seen) {
  try {
    const ws = await connect(load, session.url, session.deflate, session.subprotocols);
    for (const [verb, ...values] of session.steps.map(decoded)) {
      if (!ws[verb]) throw new Cannot(verb);
      const event = await ws[verb](...values);
      if (!Array.isArray(event)) continue;
      seen.push(encoded(event));
      if (event[0] === "close") return;
    }
    if (session.steps.at(-1)?.[0] !== "close") ws.close();
    await ws.events.end();
  } catch (error) {
    if (error instanceof Refused) seen.push(error.seen);
    else if (error instanceof Cannot) seen.push(["cannot", error.message]);
    else seen.push(["error", String(error)]);
  }
}

const load = createRequire(`${process.env.MODULES}/`);

async function main() {
  const print = (value) => new Promise((written) => process.stdout.write(`${JSON.stringify(value)}\n`, written));
  const { connect } = await import(`./${process.argv[2]}.mjs`);
  const { version } = JSON.parse(readFileSync(`${process.env.MODULES}/node_modules/${process.argv[2]}/package.json`));
  await print({ version });
  for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
    const seen = [];
    const late = new Promise((resolve) => setTimeout(() => resolve("late"), 30_000).unref());
    if ((await Promise.race([play(connect, JSON.parse(line), seen), late])) === "late") seen.push(["silent"]);
    await print(seen);
  }
  process.exit();
}

// Not awaited: the modules of clients import this one, which would then never be through.
main();

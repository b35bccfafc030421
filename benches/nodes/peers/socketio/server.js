// A node of Socket.IO: whoever is in a room hears what is said there.
const { createServer } = require("http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { Redis } = require("ioredis");
const { Server } = require("socket.io");

const publisher = new Redis(process.env.REDIS_URL);
const subscriber = publisher.duplicate();
const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  perMessageDeflate: false,
  transports: ["websocket"],
});
io.on("connection", (socket) => {
  const room = "room " + socket.handshake.query.room;
  socket.join(room);
  socket.on("m", (text) => io.to(room).emit("m", text));
});
http.listen(Number(process.env.PORT), "127.0.0.1");

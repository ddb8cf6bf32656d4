// An app of Node's own modules, as it may listen behind `chatkit auth --for`: it says who asks, in an
// answer, in a stream of events, and in a WebSocket.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3
const nameOf = (request) => request.headers["x-ms-client-principal-name"] ?? "nobody";

const server = createServer((request, response) => {
  if (request.url === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`data: ${nameOf(request)}\n\n`); // and it goes on for ever
    return;
  }
  let size = 0;
  request.on("data", (part) => (size += part.length));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ name: nameOf(request), size }));
  });
});

server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID);
  const text = Buffer.from(nameOf(request));
  socket.on("error", () => {});
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
  );
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  socket.once("data", () => socket.end(Buffer.from([0x88, 0])));
});

server.listen(Number(process.argv[2]), "localhost", () => console.log("listening"));

// Connects Microsoft's client to a hub and prints what it sees, one JSON line each.
// Arguments: one JSON object {negotiate, transport, protocol, skip, stateful, reconnect, calls, seconds}.
import { HubConnectionBuilder, HttpTransportType, LogLevel } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const options = JSON.parse(process.argv[2]);
const say = (event, detail) => console.log(JSON.stringify({ event, detail }));
let builder = new HubConnectionBuilder()
  .withUrl(options.url, {
    transport: HttpTransportType[options.transport ?? "WebSockets"],
    skipNegotiation: options.skip ?? false,
    accessTokenFactory: options.token ? () => options.token : undefined,
  })
  .configureLogging({ log: (level, text) => { if (level >= LogLevel.Warning) say("log", text); } });
if (options.protocol === "messagepack") builder = builder.withHubProtocol(new MessagePackHubProtocol());
if (options.reconnect) builder = builder.withAutomaticReconnect([0, 200, 500]);
if (options.stateful) builder = builder.withStatefulReconnect();
if (options.serverTimeout) builder = builder.withServerTimeout(options.serverTimeout);

const connection = builder.build();
connection.on("newMessage", (...args) => say("message", args));
connection.on("ask", (question) => `answer to ${question}`);
connection.onclose((error) => { say("closed", error?.message ?? null); process.exit(0); });
connection.onreconnecting((error) => say("reconnecting", error?.message ?? null));
connection.onreconnected(() => say("reconnected", null));
process.stdin.on("data", async (data) => {
  for (const line of data.toString().split("\n").filter(Boolean)) {
    const command = JSON.parse(line);
    if (command.stop) await connection.stop();
    if (command.invoke) connection.invoke(...command.invoke).then((result) => say("result", result ?? null), (error) => say("error", error.message));
    if (command.send) connection.send(...command.send).catch((error) => say("error", error.message));
    if (command.stream) connection.stream(...command.stream).subscribe({ next: (item) => say("item", item), complete: () => say("end", null), error: (error) => say("error", error.message) });
  }
});
process.stdin.on("end", () => process.exit(0));
try {
  await connection.start();
  say("connected", connection.connectionId);
} catch (error) {
  say("failed", error.message);
  process.exit(0);
}

// The part of a NetworkDoor that runs inside the network. Argument: the port that is led to.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "./joined.ts";

const to = Number(process.argv[2]);
process.on("message", (_, socket) => join(socket as Socket, connect(to, "127.0.0.1")));
process.on("disconnect", () => process.exit());
const server = createServer({ pauseOnConnect: true }, (socket) => process.send?.("socket", socket));
server.listen(0, "0.0.0.0", () => process.send?.((server.address() as AddressInfo).port));

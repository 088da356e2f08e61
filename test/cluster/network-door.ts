import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { join } from "./joined.ts";

const INSIDE = fileURLToPath(new URL("network-door-inside.ts", import.meta.url));

/** A port here that leads to one in another network namespace, and one there that leads here. */
export class NetworkDoor {
  /** Leads to the port inside. */
  readonly port: number;
  /** Inside, at every address: leads to the port here. */
  readonly portInside: number;
  readonly #server: Server;
  readonly #inside: ChildProcess;

  /**
   * @param namespace its file
   * @param to a port of the loopback inside
   * @param from a port of the loopback here
   */
  static async open(namespace: string, { to, from }: { to: number; from: number }): Promise<NetworkDoor> {
    const inside = fork(INSIDE, [String(to)], {
      execPath: "nsenter",
      execArgv: [`--net=${namespace}`, process.execPath, "--disable-warning=ExperimentalWarning"],
    });
    const [portInside] = await once(inside, "message");
    // A connection stays in the namespace that it was made in, whichever process holds it.
    inside.on("message", (_, socket) => join(socket as Socket, connect(from, "127.0.0.1")));
    const server = createServer({ pauseOnConnect: true }, (socket) => inside.send("socket", socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new NetworkDoor(inside, portInside, server);
  }

  private constructor(inside: ChildProcess, portInside: number, server: Server) {
    this.#inside = inside;
    this.portInside = portInside;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  close(): void {
    this.#inside.kill("SIGKILL");
    this.#server.close();
  }
}

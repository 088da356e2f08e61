import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";

/** A mail that was taken. */
export interface TakenMail {
  /** Whether it came over TLS, and from whom that logged in. */
  secure: boolean;
  user: string | undefined;
  to: string[];
  source: string;
}

/** A certificate for `localhost` that signs itself, and its key. */
export function selfSignedCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-certificate-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", ...options, ...name, "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A mail server with STARTTLS and log-in by `ann` and `p@ss word`, which answers as it is told. */
export class FakeMailServer {
  readonly taken: TakenMail[] = [];
  readonly cert: string;
  /** What it says to the recipient or, once it has it, to the mail, from now on; null takes it. */
  refusal: { to: "RCPT" | "DATA"; code: number; words: string } | null = null;
  /** What it does with a mail before it says that it has it. */
  beforeAnswer: () => Promise<void> = async () => {};
  readonly #server: SMTPServer;
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  static async start(options: { secure?: boolean; lacksTls?: boolean } = {}): Promise<FakeMailServer> {
    const server = new FakeMailServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  private constructor({ secure = false, lacksTls = false }: { secure?: boolean; lacksTls?: boolean }) {
    const { key, cert } = selfSignedCertificate();
    this.cert = cert;
    this.#server = new SMTPServer({
      key,
      cert,
      secure,
      ...(lacksTls ? { disabledCommands: ["STARTTLS"], allowInsecureAuth: true } : {}),
      onAuth: ({ username, password }, _, done) => {
        const isRight = username === "ann" && password === "p@ss word";
        done(isRight ? null : new Error("Invalid username or password"), { user: username });
      },
      onRcptTo: (_, __, done) => done(this.#refusalTo("RCPT")),
      onData: async (stream, { secure: isSecure, user, envelope }, done) => {
        let source = "";
        for await (const chunk of stream) source += chunk;
        const refusal = this.#refusalTo("DATA");
        if (!refusal) {
          const to = envelope.rcptTo.map(({ address }) => address);
          this.taken.push({ secure: isSecure, user, to, source });
          for (const { count, resolve } of this.#waiting) if (this.taken.length >= count) resolve();
          await this.beforeAnswer();
        }
        done(refusal);
      },
    });
    // What a client breaks off is no fault of this server.
    this.#server.on("error", () => {});
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Resolves when so many mails were taken, counted from the start. */
  takes(count: number): Promise<void> {
    if (this.taken.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #refusalTo(command: "RCPT" | "DATA"): Error | null {
    const { refusal } = this;
    if (refusal?.to !== command) return null;
    return Object.assign(new Error(refusal.words), { responseCode: refusal.code });
  }
}

/** Takes connections, and says nothing. */
export class StallingServer {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => {
    this.#sockets.add(socket.on("error", () => {}));
  });

  static async start(): Promise<StallingServer> {
    const server = new StallingServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

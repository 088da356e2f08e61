// A runner in a process of its own, so that tests can kill it: prints a line when it is ready.
import { runExecAgent } from "../src/index.ts";

const { SERVER = "", TOKEN = "", COMMAND = "", NAME = "killed" } = process.env;
await runExecAgent({ server: SERVER, token: TOKEN, name: NAME, cwd: process.cwd(), exec: COMMAND });
process.stdout.write("ready\n");

// Starts the program of its arguments as the runner does, and is gone at the worst moment: when the program's process is
// there, and the one that is to guard it is not. The program's last argument is the mark of the run.
import diagnostics from "node:diagnostics_channel";
import { ProcessGroup } from "../src/process-group.ts";

const command = process.argv.slice(2);
let processes = 0;
diagnostics.subscribe("child_process", () => {
  if (++processes === 2) process.kill(process.pid, "SIGKILL");
});
new ProcessGroup(command, { cwd: "/", env: process.env, mark: command.at(-1) ?? "" });

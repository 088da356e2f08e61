// A small agent in a process of its own, so that tests can kill it: sends each argument as progress, `done` as the
// completion, and prints a line when all of them are written down (`queued`) and when it is through (`closed`).
import { createReporter } from "../src/index.ts";

const reporter = createReporter({ spool: process.env.SPOOL ?? "", onFailure: () => {} });
for (const word of process.argv.slice(2)) {
  void (word === "done" ? reporter.complete(word) : reporter.progress(word));
}
process.stdout.write("queued\n");
await reporter.close();
process.stdout.write("closed\n");

// Loaded before each test file: a process that does not end after its tests fails and says what holds it. The runner
// itself would wait for it for ever.
import { after } from "node:test";

const PATIENCE_MS = 20_000;

// Not in the runner, which is given the same flags.
if (process.env.NODE_TEST_CONTEXT) {
  after(() => {
    setTimeout(() => {
      const held = process.getActiveResourcesInfo().join(", ");
      console.error(
        `${process.argv[1]}: the tests are over, but the process does not end. It is held by: ${held}`,
      );
      process.exit(1);
    }, PATIENCE_MS).unref();
  });
}

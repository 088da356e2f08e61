import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { MissionControlProcess } from "../../packages/agent/test/mission-control-process.ts";
import { acpSuite } from "./acp-suite.ts";
import { missing } from "./agents/coding-agent.ts";
import { agents, commands } from "./agents/index.ts";
import { commandSuite } from "./command-suite.ts";
import type { Grounds } from "./grounds.ts";
import { Observations } from "./observations.ts";
import { spokenAgent, spokenCommand } from "./spoken.ts";
import { StubModel } from "./stub-model/stub-model.ts";
import { twoWaySuite } from "./two-way-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "mc-agents-"));
const model = new StubModel();
const observations = new Observations();
let control: MissionControlProcess;
const grounds: Grounds = { control: () => control, model, folder, observations };

before(async () => {
  await model.listen();
  control = await MissionControlProcess.start(join(folder, "server"));
});
after(async () => {
  observations.write(process.env.OBSERVATIONS);
  await control?.close();
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

const all = process.env.ALL_AGENTS === "1";
/** For all tests of one agent, in milliseconds: one that hangs costs itself, not those after it. */
const AGENT_TIMEOUT_MS = 20 * 60_000;
const alone = { concurrency: 1, timeout: AGENT_TIMEOUT_MS };
/** As good as none: where none is given, or infinity, the runner's limit of a test holds for all of them together. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

// Several at a time: they wait for themselves more than they compute.
describe("real coding agents", {
  concurrency: Number(process.env.AT_ONCE ?? 2),
  timeout: NO_TIMEOUT_MS,
}, () => {
  for (const agent of agents) {
    const skip = missing(agent) ?? (agent.slow && !all ? "only with --all" : false);
    describe(agent.name, { skip, ...alone }, () => {
      acpSuite(agent, grounds);
      twoWaySuite(spokenAgent(agent, grounds), grounds);
    });
  }
  for (const command of commands) {
    const skip = missing(command) ?? false;
    describe(command.name, { skip, ...alone }, () => {
      commandSuite(command, grounds);
      twoWaySuite(spokenCommand(command, grounds), grounds);
    });
  }
});

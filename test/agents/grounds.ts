import type { MissionControlProcess } from "../../packages/agent/test/mission-control-process.ts";
import type { Observations } from "./observations.ts";
import type { StubModel } from "./stub-model/stub-model.ts";

/** What all agents are tried on. */
export interface Grounds {
  /** The real server, once the tests run. */
  control: () => MissionControlProcess;
  model: StubModel;
  /** Each agent has a home of its own in it. */
  folder: string;
  observations: Observations;
}

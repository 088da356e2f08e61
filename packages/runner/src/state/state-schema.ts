import type { Dispatch } from "@mission-control/agent";
import { z } from "zod";
import type { Session } from "../program.ts";

const agentSchema = z.object({ id: z.string(), secret: z.string(), port: z.number() });

/** A run under way; `mark` names it in the environment of its processes. */
const runSchema = z.object({ mark: z.string(), dispatch: z.custom<Dispatch>(isDispatch) });

/** A session, with what it has cost; earlier versions kept its id alone. */
const sessionSchema = z.union([
  z.string().transform((id): Session => ({ id })),
  z.object({ id: z.string(), cost: z.object({ amount: z.number(), currency: z.string() }).optional() }),
]);

/** What a runner keeps, as it lies in its file. */
export const stateSchema = z.object({
  /** The agent this is the state of. */
  name: z.string(),
  /** The process that holds the state; absent when it ended in good order. */
  runner: z.object({ pid: z.number(), since: z.string() }).optional(),
  /** The agent as registered, and the secret it was given once. */
  agent: agentSchema.optional(),
  /** What is being worked on, to be reported as failed should this runner be killed. */
  running: z.array(runSchema),
  /** The session in which each task was worked on, oldest first. */
  sessions: z.array(z.tuple([z.string(), sessionSchema])),
});
export type State = z.infer<typeof stateSchema>;
export type StoredRun = z.infer<typeof runSchema>;

/** As earlier versions kept it, in a file named after the agent with most characters replaced. */
export const earlierStateSchema = z
  .object({
    agent: agentSchema,
    running: z.record(z.string(), z.custom<Dispatch>(isDispatch)).default({}),
    sessions: z.record(z.string(), sessionSchema).default({}),
  })
  .transform(({ agent, running, sessions }) => ({
    agent,
    running: Object.values(running).map((dispatch) => ({ mark: dispatch.dispatchId, dispatch })),
    sessions: Object.entries(sessions),
  }));

function isDispatch(value: unknown): boolean {
  return typeof value === "object" && value !== null && "dispatchId" in value && "callback" in value;
}

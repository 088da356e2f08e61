import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT, NOW, REQUEST, Story } from "../../test/support/story.ts";
import type { Decision } from "./change.ts";
import { decide } from "./decide.ts";
import { type TaskLimits, withinLimits } from "./limits.ts";
import type { Attempt, Task } from "./task.ts";

/** A dispatch that runs, whose callbacks are decided within limits. */
class Limited {
  limits: TaskLimits;
  task: Task | null;
  attempt: Attempt | null;

  constructor(story: Story, limits: Partial<TaskLimits>) {
    this.task = story.task;
    this.attempt = story.attempt;
    this.limits = { openPermissions: 100, lateCallbacks: 100, artifacts: 100, ...limits };
  }

  say(said: object): Decision {
    const { task, attempt } = this;
    const callback = { taskId: task?.id ?? "", agentId: AGENT, ...said } as never;
    const change = { kind: "callback", taskId: task?.id ?? "", callback, at: NOW } as const;
    const decision = withinLimits(
      { task, attempt },
      change,
      decide({ task, attempt }, change, NOW),
      this.limits,
    );
    this.task = decision.task ?? task;
    this.attempt = decision.attempt ?? attempt;
    return decision;
  }

  ask(id: string, state?: "withdrawn"): Decision {
    return this.say({
      type: "permission",
      request: { ...REQUEST, id },
      ...(state ? { data: { state } } : {}),
    });
  }
}

test("late callbacks are recorded up to their limit, each attempt's by itself, then refused and told nothing of", () => {
  const story = new Story().accepted();
  story.callback({ type: "complete" });
  const limited = new Limited(story, { lateCallbacks: 3 });
  const codes = Array.from({ length: 5 }, () => {
    const { refusal, events } = limited.say({ type: "progress", message: "still here" });
    return [refusal?.code, events.length];
  });
  assert.deepEqual(codes, [
    ["conflict", 1],
    ["conflict", 1],
    ["conflict", 1],
    ["limited", 0],
    ["limited", 0],
  ]);
  assert.equal(limited.attempt?.state, "completed");
  assert.deepEqual(
    { ...limited.attempt, lateCallbacks: undefined },
    { ...story.attempt, lateCallbacks: undefined },
  );
  const { refusal } = limited.say({ type: "progress" });
  assert.equal(refusal?.limit, "late_callbacks");
});

test("late callbacks of no attempt are counted by their task", () => {
  const limited = new Limited(new Story().accepted(), { lateCallbacks: 1 });
  limited.attempt = null;
  assert.deepEqual(limited.say({ type: "progress" }).refusal?.code, "not_found");
  assert.deepEqual(limited.say({ type: "progress" }).refusal?.code, "limited");
});

test("only so many permission requests are open at a time; an answered or withdrawn one makes room", () => {
  const limited = new Limited(new Story().accepted(), { openPermissions: 2 });
  assert.equal(limited.ask("q1").refusal, undefined);
  assert.equal(limited.ask("q2").refusal, undefined);
  const third = limited.ask("q3");
  assert.deepEqual([third.refusal?.code, third.refusal?.limit], ["limited", "open_permissions"]);
  assert.deepEqual(third.events, [], "nothing of it is recorded");
  assert.equal(limited.ask("q2").refusal, undefined, "one that is open may be told again");
  assert.equal(limited.ask("q1", "withdrawn").refusal, undefined);
  assert.equal(limited.ask("q3").refusal, undefined);
  assert.equal(limited.say({ type: "progress" }).refusal, undefined, "the rest goes on");
});

test("requests that were open under a higher limit may still be withdrawn", () => {
  const limited = new Limited(new Story().accepted(), {});
  for (const id of ["q1", "q2", "q3"]) limited.ask(id);
  limited.limits = { ...limited.limits, openPermissions: 1 };
  assert.equal(limited.ask("q1", "withdrawn").refusal, undefined);
  assert.equal(limited.ask("q4").refusal?.code, "limited");
});

test("an agent that asks and withdraws for ever does not make its record grow for ever", () => {
  const limited = new Limited(new Story().accepted(), {});
  limited.ask("open");
  for (let index = 0; index < 300; index++) {
    limited.ask(`q${index}`);
    limited.ask(`q${index}`, "withdrawn");
  }
  const permissions = limited.attempt?.permissions ?? [];
  assert.ok(permissions.length <= 102, String(permissions.length));
  assert.ok(
    permissions.some(({ request }) => request.id === "open"),
    "what is open is kept",
  );
  assert.ok(
    permissions.some(({ request }) => request.id === "q299"),
    "and the newest of the others",
  );
});

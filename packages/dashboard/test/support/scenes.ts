import type { Stage } from "./stage.ts";

/** A team at work: tasks in every state, with the words that agents really use. */
export async function playScenes(stage: Stage) {
  const { agent, server } = stage;
  const grace = await stage.join("Grace", 2);
  await server.call("POST", "/api/agents", {
    name: "Linus (nightly)",
    concurrency: 2,
    endpoint: { kind: "http", url: "http://127.0.0.1:9/dispatch" },
  });
  await server.call("POST", "/api/gateways", { name: "Workshop", url: "ws://127.0.0.1:9", token: "none" });

  for (let round = 0; round < 6; round++) {
    const done = await stage.running({ title: DONE[round] ?? "Tidy up", tags: ["maintenance"] });
    await agent.report(done.payload, { type: "progress", message: "Looking around", progress: 0.2 });
    await agent.report(done.payload, { type: "complete", summary: "Done, all tests pass.", usage: USAGE });
  }

  const failed = await stage.running({
    title: "Update the dependencies",
    description: "Only minor versions.",
    tags: ["deps"],
  });
  await agent.report(failed.payload, { type: "progress", message: "Running npm outdated", progress: 0.1 });
  await agent.report(failed.payload, {
    type: "error",
    error: "The registry did not answer within 30 s",
    lastState: "Installing 214 packages",
  });
  await server.call("POST", `/api/tasks/${failed.task.id}/dispatch`, { agentId: agent.id });
  const again = await agent.next(failed.task.id);
  await agent.report(again, { type: "progress", message: "Installing 214 packages", progress: 0.5 });
  await agent.report(again, {
    type: "error",
    error: "2 of 431 tests fail after the update: see tests/session.test.ts",
    lastState: "Testing",
  });

  const review = await stage.running({
    title: "Write the release notes",
    description: "For people who use it, not for those who build it.",
    requiresReview: true,
    tags: ["docs"],
  });
  await agent.report(review.payload, { type: "progress", message: "Reading 48 commits", progress: 0.6 });
  await agent.report(review.payload, { type: "complete", summary: NOTES, usage: USAGE });

  const asks = await stage.running({ title: "Clean the build folders", tags: ["maintenance"] });
  await agent.report(asks.payload, { type: "progress", message: "Found 3 folders, 1.2 GB", progress: 0.3 });
  await agent.report(asks.payload, {
    type: "permission",
    request: {
      id: "req_1",
      title: "Run `rm -rf build dist coverage`",
      options: [
        { optionId: "once", name: "Allow once", kind: "allow_once" },
        { optionId: "always", name: "Always allow", kind: "allow_always" },
        { optionId: "no", name: "Deny", kind: "reject_once" },
      ],
    },
  });

  const running = await stage.running({
    title: "Fix the redirect after log-in",
    description: DESCRIPTION,
    priority: "high",
    tags: ["auth", "bug"],
    context: { repository: "web", branch: "main" },
  });
  for (const [index, message] of STEPS.entries()) {
    await agent.report(running.payload, {
      type: "progress",
      message,
      progress: (index + 1) / (STEPS.length + 2),
    });
  }

  for (const title of ["Translate the help pages", "Measure the start-up time", "Answer the open issues"]) {
    const task = await stage.task({ title, priority: title.startsWith("Answer") ? "urgent" : "normal" });
    if (title.startsWith("Answer")) continue;
    await server.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId: grace.id });
    const payload = await grace.next(task.id);
    await grace.report(payload, { type: "progress", message: "Reading the style guide", progress: 0.15 });
  }
  const queued = await stage.task({ title: "Draw the new icons" });
  await server.call("POST", `/api/tasks/${queued.id}/dispatch`, { agentId: grace.id });
  const stopped = await stage.running({ title: "Try the old importer" });
  await server.call("POST", `/api/tasks/${stopped.task.id}/cancel`);
  await stage.task({ title: "Think about names for the next release", priority: "low" });
  // A callback nobody signed, for the page that counts them.
  await fetch(`${server.url}/api/webhooks/callback`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  await agent.report(running.payload, { type: "progress", message: STEPS.at(-1), progress: 0.7 });
  return {
    runningId: running.task.id,
    failedId: failed.task.id,
    reviewId: review.task.id,
    asksId: asks.task.id,
  };
}

const USAGE = { inputTokens: 48_210, outputTokens: 6_120, cost: { amount: 0.31, currency: "USD" } };

const DONE = [
  "Fix the flaky log-in test",
  "Remove the unused feature flags",
  "Speed up the search index",
  "Add a health check to the importer",
  "Rename the internal packages",
  "Document the retry rules",
];

const STEPS = [
  "Reading src/auth/session.ts",
  "Reading src/routes/log-in.ts",
  "The return address is lost in the second redirect",
  "Writing a test that fails",
  "Changing src/routes/log-in.ts",
];

const DESCRIPTION = `After logging in, people land on the start page instead of the page they asked for.

1. Keep the address through **both** redirects
2. Refuse addresses of other sites
3. Add a test for each

See \`src/routes/log-in.ts\`.`;

const NOTES = `### 2.4

- Log-in brings you back to where you were
- Search answers in half the time
- \`importer\` has a health check

No breaking changes.`;

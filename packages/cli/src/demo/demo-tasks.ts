import type { CreateTask, Entry } from "@mission-control/protocol";

/** What the demo agent does for a task: says its steps, asks where it has a question, and ends. */
export interface DemoScript {
  steps: readonly string[];
  /** What the transcript shows of a step; of the others, its words. */
  shown?: Readonly<Record<string, Entry>>;
  /** Asked before the last step, which is left out unless the answer allows it. */
  question?: { title: string; refused: string };
  end: { summary: string } | { error: string; lastState: string };
}

export interface DemoTask extends DemoScript {
  task: Partial<CreateTask> & { title: string };
}

/** The tasks of the demo; one fails, one asks, one wants a review. */
export const DEMO_TASKS: readonly DemoTask[] = [
  {
    task: {
      title: "Summarise the release notes",
      description: "One paragraph for people who only want to know what changes for them.",
      tags: ["docs"],
    },
    steps: ["Reading CHANGELOG.md", "Grouping 31 entries by who they matter to", "Writing the paragraph"],
    shown: {
      "Reading CHANGELOG.md": {
        kind: "tool",
        name: "read",
        title: "CHANGELOG.md",
        input: { path: "CHANGELOG.md" },
        output: "## 2.4.0\n\n- Start in half the time\n- Sessions survive a restart of the server\n- 29 more",
        state: "completed",
        durationMs: 12,
      },
      "Grouping 31 entries by who they matter to": {
        kind: "thought",
        text: "Most of these are for contributors. Two are for everyone: the start, and the sessions.",
      },
    },
    end: { summary: "Two changes matter to users: faster start, and sessions that survive a restart." },
  },
  {
    task: { title: "Fix the log-in timeout", priority: "high", tags: ["auth"], requiresReview: true },
    steps: [
      "Reproducing: the log-in fails after 30 s on a slow network",
      "Found it: the token refresh shares the page's timeout",
      "Giving the refresh a timeout of its own",
      "Running the tests: 212 passed",
    ],
    shown: {
      "Reproducing: the log-in fails after 30 s on a slow network": {
        kind: "plan",
        steps: [
          { title: "Reproduce it on a slow network", state: "running" },
          { title: "Find what gives up after 30 s" },
          { title: "Mend it, with a test" },
        ],
      },
      "Giving the refresh a timeout of its own": {
        kind: "file",
        path: "src/session/refresh.ts",
        change: "edited",
        diff: [
          "--- a/src/session/refresh.ts",
          "+++ b/src/session/refresh.ts",
          "@@ -8,3 +8,4 @@",
          " export async function refresh(session: Session) {",
          "-  const signal = session.page.signal;",
          "+  // A slow network must not end the session with the page's own patience.",
          "+  const signal = AbortSignal.timeout(REFRESH_MS);",
          "   return post('/token', { signal });",
        ].join("\n"),
      },
      "Running the tests: 212 passed": {
        kind: "tool",
        name: "exec",
        title: "npm test",
        input: { command: "npm test" },
        output: "\u001b[32m✔\u001b[0m refresh on a slow network (31 s)\n\u001b[32m212 passed\u001b[0m",
        state: "completed",
        exitCode: 0,
        durationMs: 31_240,
      },
    },
    end: { summary: "The token refresh has its own timeout now; a test covers the slow network." },
  },
  {
    task: { title: "Migrate the billing table", priority: "urgent", tags: ["database"] },
    steps: ["Creating invoices_next", "Copying rows: 18,201 of 90,000", "Copying rows: 41,377 of 90,000"],
    shown: {
      "Copying rows: 41,377 of 90,000": {
        kind: "tool",
        name: "exec",
        title: "psql -f copy-invoices.sql",
        input: { command: "psql -f copy-invoices.sql" },
        output: 'ERROR:  null value in column "customer_id" violates not-null constraint\nDETAIL:  row 41378',
        state: "failed",
        exitCode: 3,
        durationMs: 8120,
      },
    },
    end: {
      error: "Row 41,378 has no customer: the new table does not allow that. Nothing was switched over.",
      lastState: "41,377 of 90,000 rows copied",
    },
  },
  {
    task: { title: "Free space on the build machine", tags: ["ops"] },
    steps: [
      "Measuring: 41 GB in 12 old build folders",
      "Listing what nobody has used for 90 days",
      "Cleaning up",
    ],
    question: {
      title: "Delete 9 build folders older than 90 days (34 GB)?",
      refused: "Nothing was deleted, as nobody allowed it: 9 folders (34 GB) could go.",
    },
    end: { summary: "34 GB are free again." },
  },
  {
    task: { title: "Write tests for the webhook signature", priority: "low", tags: ["tests"] },
    steps: ["Reading src/signing.ts", "Writing 14 cases", "All 14 pass, two found a bug each", "Fixing both"],
    end: { summary: "14 tests, and two fixed bugs: an empty signature and a doubled header." },
  },
];

/** What is done for a task that someone makes up while the demo runs. */
export const ANY_TASK: DemoScript = {
  steps: ["Reading the task", "Thinking about it", "Doing it"],
  end: { summary: "Done, as far as a demo agent does anything." },
};

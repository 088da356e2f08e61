import { createReporter, type Reporter, type ReportResult } from "@mission-control/agent";
import {
  type DefinedTool,
  defineToolPlugin,
  type Tool,
  type ToolContext,
  type ToolDefinition,
} from "openclaw/plugin-sdk/tool-plugin";
import type { Static, TSchema } from "typebox";
import {
  askTool,
  completeTool,
  failTool,
  outcomeOf,
  progressTool,
  reportComplete,
  reportFailure,
  reportProgress,
  reportQuestion,
} from "./report-tools.ts";
import { isTaskSession, TaskTurns } from "./task-turns.ts";

const turns = new TaskTurns((callback) => createReporter(callback));

const plugin = defineToolPlugin({
  id: "mission-control",
  name: "Mission Control",
  description: "Lets agents report on their task to Mission Control, and ask its operator.",
  tools: (tool: <P extends TSchema>(definition: ToolDefinition<P>) => DefinedTool) => [
    tool(reporting(progressTool, reportProgress)),
    tool(reporting(completeTool, reportComplete)),
    tool(reporting(failTool, reportFailure)),
    tool(reporting(askTool, reportQuestion)),
  ],
});

const { register } = plugin;
plugin.register = (api) => {
  api.on("llm_input", ({ runId, systemPrompt }, { sessionKey }) => {
    if (systemPrompt && isTaskSession(sessionKey)) turns.begin(sessionKey, runId, systemPrompt);
  });
  api.on("agent_end", (event, { runId = event.runId, sessionKey }) => {
    if (runId && sessionKey) turns.end(sessionKey, runId);
  });
  api.on("gateway_stop", () => turns.close());
  register(api);
};

export default plugin;

/** A tool that is offered in turns of Mission Control alone. */
function reporting<P extends TSchema>(
  definition: Omit<Tool<P>, "execute">,
  report: (reporter: Reporter, parameters: Static<P>) => Promise<ReportResult>,
): ToolDefinition<P> {
  return {
    ...definition,
    factory: ({ toolContext: { sessionKey } }: { toolContext: ToolContext }) => {
      if (!isTaskSession(sessionKey)) return undefined;
      return {
        ...definition,
        catalogMode: "direct-only",
        async execute(_toolCallId, parameters, signal) {
          signal?.throwIfAborted();
          const reporter = turns.reporter(sessionKey);
          if (!reporter) throw new Error(NO_CALLBACK);
          const text = await outcomeOf(report(reporter, parameters));
          return { content: [{ type: "text", text }], details: { report: text } };
        },
      };
    },
  };
}

const NO_CALLBACK =
  "This turn's system prompt was not seen with instructions of Mission Control. Say in your last message what was done: Mission Control takes that as the result. " +
  "For the operator: set plugins.entries.mission-control.hooks.allowConversationAccess to true in openclaw.json.";

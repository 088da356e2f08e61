/**
 * What this plugin uses of OpenClaw's plugin SDK (openclaw 2026.9.6), declared here because the package itself is far
 * too big to be a dependency. The gateway that loads the plugin brings the real one.
 */
declare module "openclaw/plugin-sdk/tool-plugin" {
  import type { Static, TSchema } from "typebox";

  /** What OpenClaw says about the session a tool is made for. */
  export interface ToolContext {
    /** In lower case, e.g. `agent:coder:mission-control:tsk_1`. */
    sessionKey?: string;
  }

  export interface ToolResult {
    content: { type: "text"; text: string }[];
    /** Kept by OpenClaw beside what the model sees; must be JSON. */
    details: unknown;
  }

  export interface Tool<Parameters extends TSchema> {
    name: string;
    label: string;
    description: string;
    parameters: Parameters;
    /** Keeps the tool in front of the model, where others are behind a search for tools. */
    catalogMode?: "direct-only";
    /** Throwing tells the model that the call failed, and why. */
    execute(toolCallId: string, parameters: Static<Parameters>, signal?: AbortSignal): Promise<ToolResult>;
  }

  export interface ToolDefinition<Parameters extends TSchema> {
    name: string;
    label: string;
    description: string;
    parameters: Parameters;
    /** Called when a turn's tools are put together; `undefined` leaves the tool out of that turn. */
    factory(context: { toolContext: ToolContext }): Tool<Parameters> | undefined;
  }

  /** One tool, with the type of its parameters out of sight. */
  export type DefinedTool = { readonly name: string };

  export interface HookContext {
    runId?: string;
    sessionKey?: string;
  }

  export interface PluginApi {
    /** Before every request to a model. Needs `hooks.allowConversationAccess` in the plugin's entry. */
    on(
      hook: "llm_input",
      handler: (event: { runId: string; systemPrompt?: string }, context: HookContext) => void,
    ): void;
    /** After a run. Needs `hooks.allowConversationAccess`, too. */
    on(hook: "agent_end", handler: (event: { runId?: string }, context: HookContext) => void): void;
    on(hook: "gateway_stop", handler: () => Promise<void>): void;
  }

  export interface PluginEntry {
    register(api: PluginApi): void;
  }

  export function defineToolPlugin(definition: {
    id: string;
    name: string;
    description: string;
    tools(
      tool: <Parameters extends TSchema>(definition: ToolDefinition<Parameters>) => DefinedTool,
    ): readonly DefinedTool[];
  }): PluginEntry;
}

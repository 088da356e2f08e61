import assert from "node:assert/strict";
import { test } from "node:test";
import * as protocol from "@mission-control/protocol";
import type * as wire from "./wire.ts";

/** Compiles only when the two types accept the same values. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

test("the SDK's shapes are those of the protocol", () => {
  const usage: Same<wire.Usage, protocol.Usage> = true;
  const request: Same<Omit<wire.PermissionRequest, "tool">, Omit<protocol.PermissionRequest, "tool">> = true;
  // But for any JSON, which each names its own way.
  type ProtocolTool = NonNullable<protocol.PermissionRequest["tool"]>;
  const tool: Same<Omit<wire.PermissionTool, "input">, Omit<ProtocolTool, "input">> = true;
  type Tool<Entry> = Omit<Extract<Entry, { kind: "tool" }>, "input">;
  const toolEntry: Same<Tool<wire.Entry>, Tool<protocol.Entry>> = true;
  type Others<Entry> = Exclude<Entry, { kind: "tool" }>;
  const entry: Same<Others<wire.Entry>, Others<protocol.Entry>> = true;
  const dispatch: Same<Omit<wire.Dispatch, "task">, Omit<protocol.DispatchPayload, "task">> = true;
  const message: Same<wire.AgentMessage, protocol.AgentMessageBody> = true;
  const mode: Same<wire.MessageMode, protocol.MessageMode> = true;
  const type: Same<wire.CallbackType, protocol.Callback["type"]> = true;
  const task: keyof protocol.DispatchPayload["task"] = "title" satisfies keyof wire.Dispatch["task"];
  assert.ok(usage && request && tool && toolEntry && entry && dispatch && message && mode && type && task);
});

test("the SDK's limits are those of the protocol", async () => {
  const { MAX_CALLBACK_BYTES, MAX_TEXT_LENGTH } = await import("./wire.ts");
  assert.equal(MAX_CALLBACK_BYTES, protocol.MAX_CALLBACK_BYTES);
  assert.ok(protocol.longTextSchema.safeParse("x".repeat(MAX_TEXT_LENGTH)).success);
  assert.ok(!protocol.longTextSchema.safeParse("x".repeat(MAX_TEXT_LENGTH + 1)).success);
});

import type { ServerResponse } from "node:http";
import type { Step } from "./script.ts";

// Each model API's way to say the same: call one tool, or say the last words. Every answer uses 11 tokens in, 5 out,
// and has read 100 more from its cache.

let calls = 0;

function stream(
  response: ServerResponse,
  events: [name: string | undefined, data: object][],
  end = "",
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of events) {
    response.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  }
  response.end(end);
}

/** Anthropic's Messages API, as Claude Code calls it. */
export function answerAnthropic(response: ServerResponse, step: Step): void {
  const tool = "tool" in step;
  const block = tool
    ? { type: "tool_use", id: `toolu_${++calls}`, name: step.tool, input: {} }
    : { type: "text", text: "" };
  const delta = tool
    ? { type: "input_json_delta", partial_json: JSON.stringify(step.input) }
    : { type: "text_delta", text: step.say };
  const message = {
    id: `msg_${calls}`,
    type: "message",
    role: "assistant",
    model: "stub",
    content: [],
    stop_reason: null,
  };
  const usage = { input_tokens: 11, output_tokens: 5, cache_read_input_tokens: 100 };
  stream(
    response,
    [
      { type: "message_start", message: { ...message, usage } },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: tool ? "tool_use" : "end_turn" }, usage },
      { type: "message_stop" },
    ].map((event) => [event.type, event]),
  );
}

/** OpenAI's Responses API, as Codex calls it. There, input tokens include those from the cache. */
export function answerResponses(response: ServerResponse, step: Step): void {
  const item = responseItem(step);
  const usage = {
    input_tokens: 111,
    input_tokens_details: { cached_tokens: 100 },
    output_tokens: 5,
    total_tokens: 116,
  };
  stream(
    response,
    [
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.added", output_index: 0, item },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { id: "resp_1", output: [item], usage } },
    ].map((event) => [event.type, event]),
  );
}

function responseItem(step: Step): object {
  if ("say" in step) {
    const content = step.say === "" ? [] : [{ type: "output_text", text: step.say }];
    return { type: "message", id: "m_1", role: "assistant", content };
  }
  const call = { call_id: `call_${++calls}`, name: step.tool };
  return step.freeform
    ? { type: "custom_tool_call", id: "ctc_1", ...call, input: step.freeform }
    : { type: "function_call", id: "fc_1", ...call, arguments: JSON.stringify(step.input) };
}

/** OpenAI's Chat Completions API, as opencode, Qwen Code, Copilot and Pi call it. */
export function answerChat(response: ServerResponse, step: Step): void {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: "c_1",
    object: "chat.completion.chunk",
    created: 1,
    model: "stub",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const tool = "tool" in step;
  const said = tool
    ? {
        role: "assistant",
        tool_calls: [
          {
            index: 0,
            id: `call_${++calls}`,
            type: "function",
            function: { name: step.tool, arguments: JSON.stringify(step.input) },
          },
        ],
      }
    : { role: "assistant", content: step.say };
  const usage = {
    prompt_tokens: 111,
    prompt_tokens_details: { cached_tokens: 100 },
    completion_tokens: 5,
    total_tokens: 116,
  };
  stream(
    response,
    [
      [undefined, chunk(said)],
      [undefined, { ...chunk({}, tool ? "tool_calls" : "stop"), usage }],
    ],
    "data: [DONE]\n\n",
  );
}

/** Google's Gemini API, as the Gemini CLI calls it. */
export function answerGemini(response: ServerResponse, step: Step, path: string): void {
  const part = "tool" in step ? { functionCall: { name: step.tool, args: step.input } } : { text: step.say };
  const answer = {
    candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }],
    usageMetadata: {
      promptTokenCount: 111,
      cachedContentTokenCount: 100,
      candidatesTokenCount: 5,
      totalTokenCount: 116,
    },
    modelVersion: "stub",
  };
  if (path.endsWith(":streamGenerateContent")) stream(response, [[undefined, answer]]);
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

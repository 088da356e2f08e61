import { claude, claudeCommand, claudeConversation } from "./claude.ts";
import { codex, codexCommand } from "./codex.ts";
import type { CodingAgent, CodingCommand } from "./coding-agent.ts";
import { copilot } from "./copilot.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";
import { qwen } from "./qwen.ts";

export const agents: CodingAgent[] = [claude, codex, opencode, copilot, pi, gemini, qwen];
export const commands: CodingCommand[] = [claudeCommand, claudeConversation, codexCommand];

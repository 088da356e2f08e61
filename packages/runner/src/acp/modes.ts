import type { SessionConfigOption, SessionModeState } from "@agentclientprotocol/sdk";
import type { PermissionPolicy } from "../permission-policy.ts";
import { AgentRefusedError } from "../program.ts";
import type { KnownAgent } from "./known-agents.ts";

/** The modes of a session, in whichever of the protocol's two ways it tells them. */
export interface Modes {
  current: string;
  available: { id: string; name: string }[];
  /** The config option to set; without it they are set by `session/set_mode`. */
  configId?: string;
}

/**
 * Reads an answer that opens a session.
 * @see https://agentclientprotocol.com/protocol/v1/session-modes
 * @see https://agentclientprotocol.com/protocol/v1/session-config-options
 */
export function modesOf(session: {
  modes?: SessionModeState | null | undefined;
  configOptions?: SessionConfigOption[] | null | undefined;
}): Modes | undefined {
  const { modes, configOptions } = session;
  if (modes) return { current: modes.currentModeId, available: modes.availableModes };
  const option = configOptions?.find(({ id, category }) => (category ?? id) === "mode");
  if (option?.type !== "select") return undefined;
  const available = option.options.flatMap((entry) => ("options" in entry ? entry.options : [entry]));
  return {
    current: option.currentValue,
    available: available.map(({ value, name }) => ({ id: value, name })),
    configId: option.id,
  };
}

export interface ModeWish {
  /** The mode the operator named. */
  mode?: string | undefined;
  permissions: PermissionPolicy;
  /** What the agent calls itself. */
  agent: string;
  command: readonly string[];
}

/** Starting modes of agents that are not known which say by their name that nothing is asked. */
const SOUNDS_SILENT =
  /^auto$|auto[-_ ]?(pilot|approve)|yolo|bypass|full[-_ ]?access|do?n.?t[-_ ]?ask|allow[-_ ]?all/i;
/** Names under which agents that are not known ask. */
const SOUNDS_ASKING = /^(default|ask|always[-_ ]?ask|manual)$/i;

/**
 * The mode a session must be in: the operator's, else one that asks where the policy is to answer. A policy other
 * than `allow` must not be without effect.
 * @returns the mode's id; `undefined` to leave it as it is
 * @throws AgentRefusedError where there is no such mode
 */
export function modeFor(
  wish: ModeWish,
  modes: Modes | undefined,
  known: KnownAgent | undefined,
): string | undefined {
  const { mode, permissions, agent, command } = wish;
  const wanted = mode === undefined ? undefined : find(modes, mode);
  if (mode !== undefined && wanted === undefined) {
    const names = modes?.available.map(({ id }) => id).join(", ");
    throw new AgentRefusedError(`${agent} has no mode "${mode}"; it has: ${names || "none"}.`);
  }
  if (permissions === "allow") return wanted;
  if (known?.asks === "never") throw silent(wish, "never asks for permission");
  const argument = command.find((word) => known?.silentArguments?.test(word));
  if (argument) throw silent(wish, `never asks for permission when started with ${argument}`);
  const isSilent = (id: string | undefined) =>
    known?.silentModes?.some((candidate) => id !== undefined && isCalled({ id, name: "" }, candidate)) ??
    false;
  if (isSilent(wanted)) throw silent(wish, `never asks for permission in its mode "${mode}"`);
  if (wanted !== undefined) return wanted;
  const asking = known
    ? find(modes, known.askingMode)
    : modes?.available.find(({ id }) => SOUNDS_ASKING.test(id))?.id;
  const { current = "" } = modes ?? {};
  if (known) {
    if (asking === undefined && isSilent(current)) {
      throw silent(wish, `is in its mode "${current}", which never asks, and has no other that does`);
    }
    return asking;
  }
  if (!SOUNDS_SILENT.test(current)) return undefined;
  if (asking === undefined) throw silent(wish, `starts in its mode "${current}", which never asks`);
  return asking;
}

function silent({ agent, permissions }: ModeWish, what: string): AgentRefusedError {
  return new AgentRefusedError(
    `${agent} ${what}, so --permissions ${permissions} would be without effect. ` +
      "Say --permissions allow if it shall do as it likes, and choose the folder and the machine accordingly.",
  );
}

function find(modes: Modes | undefined, called: string | undefined): string | undefined {
  if (called === undefined) return undefined;
  return modes?.available.find((mode) => isCalled(mode, called))?.id;
}

/** By its id, by the fragment of an id that is a URL (Copilot's), or by the name people see. */
function isCalled({ id, name }: { id: string; name: string }, called: string): boolean {
  return id === called || id.endsWith(`#${called}`) || name.toLowerCase() === called.toLowerCase();
}

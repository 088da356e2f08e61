import { count } from "./english-count.ts";

/** What there is to say, with commas between. */
function listed(...parts: (string | false | null)[]): string {
  return parts.filter(Boolean).join(", ");
}

/** What the gateways' page says beyond the words of all pages; it comes with the page. */
export const englishGateways = {
  intro:
    "OpenClaw Gateways host agents. The connection is kept open; what its agents do shows up as activity.",
  none: "No gateway is connected",
  noneHint: "Agents that are reached over HTTP need none.",
  connect: "Connect",
  name: "Name",
  state: "State",
  version: "Version",
  latency: "Round trip",
  since: "Connected",
  protocol: (version: number) => `protocol ${version}`,
  url: "Address",
  urlHint: "ws:// or wss://, as the gateway prints it when it starts.",
  token: "Token",
  tokenHint: "The gateway's shared token. It is kept on the server and never shown again.",
  formHint: "The server connects at once and tells how it goes. “Test” tries it without keeping it.",
  tryOut: "Test",
  trying: "Trying…",
  agentsFound: (agents: number) => (agents === 0 ? "No agents there." : `${count(agents, "agent")} there:`),
  nothingFound: "There is no connection, and no reason was given.",
  pairing:
    "The gateway does not know this server yet. Whoever runs the gateway approves it once, with this command; then the connection goes on by itself:",
  test: {
    connecting: "Connecting…",
    connected: "It works: the gateway accepted this server.",
    disconnected: "There is no connection. The server keeps trying.",
    pairing_required: "The gateway answered, and waits for somebody to approve this server.",
  },
  connectedTo: (version: string | null, protocol: number | null, latency: number | null) =>
    listed(
      version && `Version ${version}`,
      protocol !== null && `protocol ${protocol}`,
      latency !== null && `round trip ${Math.round(latency)} ms`,
    ),
  foundIn: (version: string | null, protocol: number | null, elapsed: number) =>
    listed(
      version && `Version ${version}`,
      protocol !== null && `protocol ${protocol}`,
      `connected and listed in ${Math.round(elapsed)} ms`,
    ),
  remove: "Remove",
  removeTitle: (name: string) => `Remove ${name}?`,
  removeHint: "A gateway that agents here still use cannot be removed.",
};

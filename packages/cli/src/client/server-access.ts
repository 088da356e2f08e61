import {
  localUrl,
  readAddress,
  readSettings,
  readToken,
  type Settings,
} from "@mission-control/protocol/settings";
import type { Command } from "commander";
import { wrongUse } from "../terminal/command-error.ts";
import { ApiClient } from "./api-client.ts";

/** Flags of every command that talks to a server. */
export interface ServerFlags {
  url?: string;
  token?: string;
  dataDir?: string;
}

/**
 * Adds `--url`, `--token` and `--data-dir`. On the server's own machine none of them is needed: its data folder says
 * where it listens, and has the token.
 */
export function withServerFlags(command: Command): Command {
  return command
    .option(
      "--url <url>",
      "the server (default: MISSION_CONTROL_PUBLIC_URL, else where the data folder's server listens)",
    )
    .option(
      "--token <token>",
      "the administrator's token (default: MISSION_CONTROL_TOKEN, else the data folder's)",
    )
    .option("--data-dir <folder>", "the server's data folder, to read its settings and token from");
}

/** The server a command talks to, and with which token; null when none is known. */
export function serverAccess(flags: ServerFlags): { url: string; token: string | null; settings: Settings } {
  const settings = readSettings({ flags: { dataDir: flags.dataDir } });
  const { publicUrl, dataDir, host, port } = settings;
  const url = flags.url ?? publicUrl ?? readAddress(dataDir) ?? localUrl(host, port);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw wrongUse(`--url must be an http:// or https:// URL, not "${url}".`);
  }
  const token = flags.token ?? settings.token ?? readToken(dataDir);
  return { url: url.replace(/\/+$/, ""), token, settings };
}

/** A client of the server that the flags, the environment or the data folder name. */
export function connect(flags: ServerFlags): ApiClient {
  const { url, token, settings } = serverAccess(flags);
  if (token === null) {
    throw wrongUse(
      `No token for ${url}: pass --token, set MISSION_CONTROL_TOKEN, or run this as the server's user on its machine (there is none in ${settings.dataDir}).`,
    );
  }
  return new ApiClient(url, token);
}

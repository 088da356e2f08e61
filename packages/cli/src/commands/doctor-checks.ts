import { randomUUID } from "node:crypto";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CALLBACK_PATH, DOCTOR_USER_AGENT, gatewaySchema, problemSchema } from "@mission-control/protocol";
import { explainNetworkError } from "@mission-control/protocol/network-errors";
import { localUrl, type Settings } from "@mission-control/protocol/settings";
import { z } from "zod";
import { ApiClient } from "../client/api-client.ts";

const TIMEOUT_MS = 5000;
/** Signatures are refused when clocks are 5 minutes apart; well before that something is wrong. */
const CLOCK_SECONDS = 60;

/** What one check found; `advice` says what to do about it. */
export interface Check {
  name: string;
  result: "ok" | "failed" | "skipped";
  detail: string;
  advice?: string;
}

export interface CheckContext {
  url: string;
  token: string | null;
  settings: Settings;
}

type Checker = (context: CheckContext) => Promise<Check[]>;

/** What `/readyz` and `/api/session` answer, as far as no other program answers the same. */
const readySchema = z.object({ status: z.literal("ok") });
const sessionSchema = z.object({ id: z.string().nullable(), features: z.object({}) });

const NOT_THERE = "Something else than Mission Control answers there: check --url and PORT.";

/** All checks, in the order in which one failure explains the next. */
export const CHECKS: readonly Checker[] = [
  checkDataFolder,
  checkServer,
  checkToken,
  checkPublicUrl,
  checkNats,
  checkGateways,
];

async function checkDataFolder({ settings: { dataDir } }: CheckContext): Promise<Check[]> {
  const name = "data folder";
  try {
    const mode = statSync(dataDir).mode & 0o777;
    const probe = join(dataDir, `.doctor-${randomUUID()}`);
    writeFileSync(probe, "", { flag: "wx" });
    rmSync(probe);
    if ((mode & 0o077) === 0)
      return [{ name, result: "ok", detail: `${dataDir} can be written, by its owner alone` }];
    return [
      {
        name,
        result: "failed",
        detail: `${dataDir} is open to other users (mode ${mode.toString(8)})`,
        advice: `Close it: chmod 700 ${dataDir}`,
      },
    ];
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") {
      return [{ name, result: "skipped", detail: `${dataDir} is not there; the first start makes it` }];
    }
    return [
      {
        name,
        result: "failed",
        detail: `${dataDir} cannot be written (${code ?? error})`,
        advice:
          "Give this user the right to write there, or choose another folder with MISSION_CONTROL_DATA_DIR.",
      },
    ];
  }
}

/** Whether a server answers, is ready, and has about the same time. */
async function checkServer({ url }: CheckContext): Promise<Check[]> {
  const name = "server";
  const answer = await get(`${url}/readyz`);
  if ("reason" in answer) {
    const advice = "Start it with mission-control start, or say where it is with --url.";
    return [{ name, result: "failed", detail: `no answer at ${url}: ${answer.reason}`, advice }];
  }
  const { response, body } = answer;
  const checks: Check[] = [];
  if (readySchema.safeParse(body).success) {
    checks.push({ name, result: "ok", detail: `${url} accepts callbacks` });
  } else {
    const said = z.object({ detail: z.string() }).safeParse(body).data?.detail ?? `status ${response.status}`;
    const advice =
      response.status === 503
        ? "Look at the server's log: it is stopping, or its database cannot be written."
        : NOT_THERE;
    checks.push({ name, result: "failed", detail: `${url} is not ready: ${said}`, advice });
  }
  return [...checks, checkClock(response)];
}

function checkClock(response: Response): Check {
  const name = "clock";
  const theirs = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return { name, result: "skipped", detail: "the server's answer carries no date" };
  const apart = Math.round(Math.abs(Date.now() - theirs) / 1000);
  const detail = `${apart} s between this machine and the server`;
  if (apart <= CLOCK_SECONDS) return { name, result: "ok", detail };
  const advice = "Set both clocks by NTP: callbacks signed more than 5 minutes off are refused.";
  return { name, result: "failed", detail, advice };
}

async function checkToken({ url, token, settings }: CheckContext): Promise<Check[]> {
  const name = "token";
  if (token === null) {
    return [
      {
        name,
        result: "failed",
        detail: `none given, and none in ${settings.dataDir}`,
        advice: "Pass --token, set MISSION_CONTROL_TOKEN, or run this as the server's user on its machine.",
      },
    ];
  }
  const answer = await get(`${url}/api/session`, { headers: new ApiClient(url, token).headers });
  if ("reason" in answer) return [{ name, result: "skipped", detail: "the server does not answer" }];
  if (sessionSchema.safeParse(answer.body).success) {
    return [{ name, result: "ok", detail: "the server knows it" }];
  }
  const advice =
    answer.response.status === 401
      ? "Use the token of the server's data folder (the file named token), or its MISSION_CONTROL_TOKEN."
      : NOT_THERE;
  return [{ name, result: "failed", detail: `the server answers ${answer.response.status} to it`, advice }];
}

/** Whether an agent's callback would arrive: one without a signature must be refused as such. */
async function checkPublicUrl({ url, settings }: CheckContext): Promise<Check[]> {
  const name = "public URL";
  const publicUrl = settings.publicUrl ?? localUrl(settings.host, settings.port);
  // A server that was named by --url has settings of its own, which are not known here.
  const base = url === publicUrl || settings.publicUrl !== undefined ? publicUrl : url;
  const answer = await get(base + CALLBACK_PATH, {
    method: "POST",
    headers: { "Content-Type": "application/json", "User-Agent": DOCTOR_USER_AGENT },
    body: "{}",
  });
  const advice =
    "Agents send their callbacks there: correct MISSION_CONTROL_PUBLIC_URL, or what stands between (proxy, firewall, DNS).";
  if ("reason" in answer) {
    return [
      {
        name,
        result: "failed",
        detail: `callbacks cannot reach ${base} from here: ${answer.reason}`,
        advice,
      },
    ];
  }
  const { status } = answer.response;
  if (status === 401 && problemSchema.safeParse(answer.body).success) {
    return [{ name, result: "ok", detail: `callbacks reach ${base} from here` }];
  }
  const detail =
    status === 401
      ? `something else than Mission Control asks for a log-in at ${base}`
      : `${base} answers a callback with ${status} instead of checking it`;
  return [{ name, result: "failed", detail, advice }];
}

/** How events come from the other servers, where NATS is to bring them; nothing where it is not. */
async function checkNats({ url, token }: CheckContext): Promise<Check[]> {
  const name = "NATS";
  if (token === null) return [];
  const answer = await get(`${url}/metrics`, { headers: new ApiClient(url, token).headers });
  if ("reason" in answer) return [];
  const shows = (metric: string) =>
    new RegExp(`^mission_control_nats_${metric} (\\d)$`, "m").exec(String(answer.body))?.[1];
  const connected = shows("connected");
  if (connected === undefined) return [];
  if (connected === "0") {
    return [
      {
        name,
        result: "failed",
        detail: "the server cannot use it, and reads events from PostgreSQL meanwhile: nothing is lost",
        advice: "The server's log says why. Check that nats-server runs with -js, and NATS_URL.",
      },
    ];
  }
  if (shows("publishing") === "1")
    return [{ name, result: "ok", detail: "this server publishes the events" }];
  if (shows("following") === "1") return [{ name, result: "ok", detail: "it brings the server's events" }];
  return [
    {
      name,
      result: "skipped",
      detail: "the server is connected, but reads events from PostgreSQL until NATS brings the newest",
    },
  ];
}

async function checkGateways({ url, token }: CheckContext): Promise<Check[]> {
  const name = "gateways";
  if (token === null) return [{ name, result: "skipped", detail: "they are listed to the token alone" }];
  const answer = await get(`${url}/api/gateways`, { headers: new ApiClient(url, token).headers });
  const parsed = "body" in answer ? z.object({ items: z.array(gatewaySchema) }).safeParse(answer.body) : null;
  if (!parsed?.success) return [{ name, result: "skipped", detail: "the server did not list them" }];
  const { items } = parsed.data;
  if (items.length === 0)
    return [{ name, result: "skipped", detail: "none is set up; HTTP agents need none" }];
  return items.map(({ name: title, url: address, state, lastError, version }) => {
    const where = `gateway ${title}`;
    if (state === "connected")
      return {
        name: where,
        result: "ok",
        detail: `connected to ${address} (${version ?? "version unknown"})${lastError === null ? "" : `. ${lastError}`}`,
      };
    const advice =
      state === "pairing_required"
        ? "Approve this server's device on the gateway's machine: openclaw devices list, then openclaw devices approve."
        : "Check that the gateway runs, its address and its token.";
    return {
      name: where,
      result: "failed",
      detail: `${address} is ${state}: ${lastError ?? "no reason known"}`,
      advice,
    };
  });
}

type Answer = { response: Response; body: unknown } | { reason: string };

async function get(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      ...init,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { response, body: parsed(await response.text()) };
  } catch (error) {
    return { reason: explainNetworkError(error) };
  }
}

/** What a text holds as JSON, or the text itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

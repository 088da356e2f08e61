import type {
  DeliveryState,
  DeliveryView,
  EventType,
  ExchangeDetail,
  ExchangePage,
  ExchangeQuery,
  ExchangeResult,
  ExchangeView,
  LogEvent,
} from "@mission-control/protocol";
import type { ExchangeLog } from "../exchanges/exchange-log.ts";
import { positionBefore } from "../outbound/event-time.ts";
import type { Webhooks } from "../outbound/webhooks.ts";
import { type ExchangeKind, type ExchangeRecord, firstIdAt } from "../store/exchanges.ts";
import { InvalidCursorError, type Store } from "../store/store.ts";

/** Rows of one source that are looked at for one page, where few match. Such a page is short, and its cursor goes on. */
const LOOKED_AT = 2000;
const STEP = 250;
/** What callbacks become, besides what the server and gateways report by the same types. */
const CALLBACK_TYPES: readonly EventType[] = ["activity", "complete", "error", "permission", "artifact"];
const CALLBACK_ID = /^callback_([1-9]\d{0,15})$/;

export interface ExchangeListParts {
  store: Pick<Store, "exchange" | "exchanges" | "history" | "deliveries" | "range" | "attempt">;
  webhooks: Pick<Webhooks, "deliveries">;
  exchanges: Pick<ExchangeLog, "flush">;
}

/** An exchange, and where its source goes on behind it. */
interface Row {
  exchange: ExchangeView;
  place: string;
}

/** Rows of one source, newest first; `next` is where it goes on behind all that was looked at, null at its end. */
interface Stretch {
  rows: Row[];
  next: string | null;
}

/** One place that exchanges are read from. @param place where to go on; null for the newest */
type Source = (place: string | null, limit: number) => Promise<Stretch>;

/** Where each source goes on, by its name; null for one that has ended, absent before it was begun. */
type Places = Record<string, string | null>;

/**
 * A page of everything that was sent and answered, newest first, from where each kind is kept: what went to agents and
 * what was refused beside the log, delivered callbacks in the log, webhooks as deliveries.
 * @throws InvalidCursorError
 */
export async function listExchanges(parts: ExchangeListParts, query: ExchangeQuery): Promise<ExchangePage> {
  if (query.cursor === undefined) await parts.exchanges.flush();
  const asked = await withTask(parts, query);
  const sources = Object.entries(sourcesOf(parts, asked));
  const places = query.cursor === undefined ? {} : placesIn(query.cursor);
  const open = sources.filter(([name]) => places[name] !== null);
  const stretches = await Promise.all(
    open.map(async ([name, read]) => ({ name, ...(await read(places[name] ?? null, query.limit)) })),
  );
  const items: ExchangeView[] = [];
  const next: Places = { ...places };
  while (items.length < query.limit) {
    // What a source has behind where it stopped to look may be newer than all others have.
    if (stretches.some(({ rows, next }) => rows.length === 0 && next !== null)) break;
    const [newest] = stretches
      .filter(({ rows }) => rows.length > 0)
      .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
    const row = newest?.rows.shift();
    if (!newest || !row) break;
    items.push(row.exchange);
    next[newest.name] = row.place;
  }
  for (const { name, rows, next: end } of stretches) if (rows.length === 0) next[name] = end;
  const isOver = sources.every(([name]) => next[name] === null);
  return { items, nextCursor: isOver ? null : Buffer.from(JSON.stringify(next)).toString("base64url") };
}

/** One exchange with what was sent and answered; null when there is none, or not any more. */
export async function readExchange(parts: ExchangeListParts, id: string): Promise<ExchangeDetail | null> {
  const { store, webhooks } = parts;
  if (/^(request|refused)_/.test(id)) return store.exchange(id);
  const [, eventId] = CALLBACK_ID.exec(id) ?? [];
  if (eventId !== undefined) {
    const [event] = (await store.history(Number(eventId) + 1, {}, 1)).items;
    const exchange = event?.id === Number(eventId) ? callbackExchange(event) : null;
    return event && exchange ? { ...exchange, tries: [], event } : null;
  }
  const delivery = await webhooks.deliveries.get(id);
  if (!delivery) return null;
  const { request, tries } = delivery;
  return { ...webhookExchange(delivery), request: { method: "POST", ...request }, tries };
}

/** An attempt's exchanges are found among its task's. */
async function withTask({ store }: ExchangeListParts, query: ExchangeQuery): Promise<ExchangeQuery> {
  const { dispatchId, taskId } = query;
  if (dispatchId === undefined || taskId !== undefined) return query;
  const attempt = await store.attempt(dispatchId);
  return attempt ? { ...query, taskId: attempt.taskId } : query;
}

/** The sources that can have what is asked for. */
function sourcesOf({ store }: ExchangeListParts, query: ExchangeQuery): Record<string, Source> {
  const { direction, result, endpointId, dispatchId } = query;
  const isAsked = (one: ExchangeView["direction"], results: readonly ExchangeResult[]) =>
    (direction === undefined || direction === one) &&
    (result === undefined || results.includes(result)) &&
    (endpointId === undefined || one === "webhook");
  const sources: Record<string, Source> = {};
  if (isAsked("dispatch", ["ok", "refused", "failed", "unknown"])) {
    sources.request = keptSource(store, "request", query);
  }
  if (isAsked("callback", ["refused"])) sources.refused = keptSource(store, "refused", query);
  if (isAsked("callback", ["ok"])) sources.callback = callbackSource(store, query);
  // A webhook is about a task, whichever of its attempts was under way.
  if (isAsked("webhook", ["ok", "failed", "waiting"]) && dispatchId === undefined) {
    sources.webhook = webhookSource(store, query);
  }
  return sources;
}

function keptSource(
  store: Pick<Store, "exchanges">,
  kind: ExchangeKind,
  { result, agentId, taskId, dispatchId, from, until }: ExchangeQuery,
): Source {
  // Who signs wrongly is not asked whose task it is: the attempt in the URL is all that is known of such a callback.
  const about = dispatchId === undefined ? { agentId, taskId } : { agentId, dispatchId };
  const wanted = { kind, result, ...about, from };
  return async (place, limit) => {
    const before = place ?? (until === undefined ? undefined : firstIdAt(kind, until));
    const found = await store.exchanges({ ...wanted, before, limit });
    const rows = found.map((exchange) => ({ exchange: withoutDetail(exchange), place: exchange.id }));
    return { rows, next: found.length < limit ? null : (found.at(-1)?.id ?? null) };
  };
}

function callbackSource(
  store: Pick<Store, "history" | "range">,
  { taskId, agentId, dispatchId, from, until }: ExchangeQuery,
): Source {
  const filter = {
    types: CALLBACK_TYPES,
    ...(taskId === undefined ? {} : { taskId }),
    ...(agentId === undefined ? {} : { agentId }),
  };
  const earliest = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from);
  return async (place, limit) => {
    const rows: Row[] = [];
    let before = place === null ? null : Number(place);
    if (Number.isNaN(before)) throw new InvalidCursorError();
    if (before === null && until !== undefined) before = (await positionBefore(store, until)) + 1;
    for (let looked = 0; looked < LOOKED_AT && rows.length < limit; looked += STEP) {
      const { items, nextCursor } = await store.history(before, filter, STEP);
      for (const event of items) {
        if (Date.parse(event.receivedAt) < earliest) return { rows, next: null };
        const exchange = callbackExchange(event);
        if (!exchange || (dispatchId !== undefined && dispatchId !== event.dispatchId)) continue;
        rows.push({ exchange, place: String(event.id) });
      }
      if (nextCursor === null) return { rows, next: null };
      before = Number(nextCursor);
    }
    return { rows, next: String(before) };
  };
}

const STATES: Partial<Record<ExchangeResult, DeliveryState>> = {
  ok: "delivered",
  failed: "failed",
  waiting: "waiting",
};
const RESULTS: Record<DeliveryState, ExchangeResult> = {
  delivered: "ok",
  failed: "failed",
  waiting: "waiting",
};

function webhookSource(
  store: Pick<Store, "deliveries">,
  { result, endpointId, taskId, agentId, from, until }: ExchangeQuery,
): Source {
  const state = result && STATES[result];
  const asked = { endpointId, state, limit: STEP };
  const earliest = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from);
  const latest = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  return async (place, limit) => {
    const rows: Row[] = [];
    let cursor = place ?? undefined;
    for (let looked = 0; looked < LOOKED_AT && rows.length < limit; looked += STEP) {
      const { items, places, nextCursor } = await store.deliveries({ ...asked, cursor });
      for (const [index, delivery] of items.entries()) {
        const at = Date.parse(delivery.createdAt);
        if (at < earliest) return { rows, next: null };
        if (at >= latest) continue;
        if (taskId !== undefined && delivery.taskId !== taskId) continue;
        if (agentId !== undefined && delivery.agentId !== agentId) continue;
        rows.push({ exchange: webhookExchange(delivery), place: places[index] ?? "" });
      }
      if (nextCursor === null) return { rows, next: null };
      cursor = nextCursor;
    }
    return { rows, next: cursor ?? null };
  };
}

/** What a delivered callback is in the list; null for an event that no callback became. */
function callbackExchange(event: LogEvent): ExchangeView | null {
  const { id: eventId, type, agentId, taskId, dispatchId, data, receivedAt } = event;
  // What gateways and the server report has a source; late ones were refused, and are kept as such.
  if (!CALLBACK_TYPES.includes(type) || !dispatchId || data.late === true) return null;
  if (data.source === "gateway" || data.source === "server") return null;
  if (type === "permission" && data.state !== "requested") return null;
  return {
    id: `callback_${eventId}`,
    direction: "callback",
    what: type === "activity" ? "progress" : type,
    at: receivedAt,
    result: "ok",
    status: 200,
    tryCount: 1,
    agentId,
    taskId,
    dispatchId,
    eventId,
  };
}

function webhookExchange(delivery: DeliveryView): ExchangeView {
  const { id, eventType, state, createdAt, tries, tryCount, taskId, agentId, endpointId, eventId } = delivery;
  const last = tries.at(-1);
  return {
    id,
    direction: "webhook",
    what: eventType,
    at: createdAt,
    result: RESULTS[state],
    status: last?.status,
    durationMs: last?.durationMs,
    tryCount,
    agentId,
    taskId,
    endpointId,
    ...(eventId === null ? {} : { eventId }),
    ...(state === "delivered" ? {} : { reason: last?.error }),
  };
}

function withoutDetail({ request: _, tries: __, ...exchange }: ExchangeRecord): ExchangeView {
  return exchange;
}

function timeOf({ rows }: Stretch): number {
  return Date.parse(rows[0]?.exchange.at ?? "");
}

function placesIn(cursor: string): Places {
  try {
    const places: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (isPlaces(places)) return places;
  } catch {
    // Told below.
  }
  throw new InvalidCursorError();
}

function isPlaces(value: unknown): value is Places {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((place) => place === null || typeof place === "string");
}

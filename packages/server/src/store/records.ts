import type {
  BudgetLimit,
  BudgetPeriod,
  BudgetThreshold,
  Endpoint,
  EventType,
  GatewayView,
  NewEvent,
  NoticeKind,
  PermissionPolicy,
  QuietHours,
  SavedView,
  WebhookAnswers,
  WebhookFormat,
  WebhookStatus,
} from "@mission-control/protocol";
import type { Refusal } from "../tasks/change.ts";
import type { DeliveryWrite } from "./deliveries.ts";

/** A secret that was replaced, and until when it signs beside the new one. */
export interface PreviousSecret {
  secret: string;
  until: string;
}

/** An agent as it is kept. `secret` signs what is sent to an HTTP agent. */
export interface AgentRecord {
  id: string;
  name: string;
  capabilities: string[];
  concurrency: number;
  endpoint: Endpoint;
  /** Absent where the operator is asked everything. */
  permissions?: PermissionPolicy | undefined;
  secret?: string;
  /** The one before it, which signs too until its time is over. */
  previousSecret?: PreviousSecret;
  createdAt: string;
  updatedAt: string;
}

/** What a gateway's connection knows of itself. */
export type ConnectionView = Pick<
  GatewayView,
  "state" | "protocol" | "version" | "latencyMs" | "lastError" | "deviceId" | "connectedAt"
>;

/** A gateway as it is kept. */
export interface GatewayRecord {
  id: string;
  name: string;
  url: string;
  token?: string;
  /** As the node that is connected to it last announced its connection, for the others; absent before the first time. */
  connection?: ConnectionView;
  /** The fence of that node's lease; absent once other nodes have missed it, and shown that in `connection`. */
  connectionFence?: number;
  createdAt: string;
}

/** A dashboard session. Only hashes of what proves it are kept. */
export interface SessionRecord {
  id: string;
  cookieHash: string;
  keyHash: string;
  /** Of the administrator's token that opened it: a session ends with its token. */
  tokenFingerprint: string;
  userAgent: string;
  createdAt: string;
  expiresAt: string;
}

/** A log-in code that was not used yet: a log-in with it makes it the session. Only a hash of it is kept. */
export interface LogInCodeRecord {
  /** The id of the session to be. */
  id: string;
  codeHash: string;
  /** As of a session. */
  tokenFingerprint: string;
  createdAt: string;
  expiresAt: string;
}

/** When people get a notice. */
export interface NoticeRules {
  /** What comes meanwhile is sent at their end, in one message. */
  quiet?: QuietHours;
  /** What comes within so many minutes of the first is sent in one message. */
  digestMinutes?: number;
  /** Kinds that are sent at once all the same. */
  passes?: NoticeKind[];
}

/**
 * A webhook endpoint as it is kept. The node that delivers to it writes how far it has come (`position`, `skipped`,
 * `failingSince`, `lastDeliveredAt`) and pauses it; what an operator asks for (`replayAfter`, `resend`) stands here until
 * that node has taken it up.
 */
export interface WebhookRecord {
  id: string;
  url: string;
  types?: EventType[];
  /** The agent whose events it gets, or several of them. */
  agentId?: string;
  agentIds?: string[];
  /** The tag whose tasks' events it gets, or several of them. */
  tag?: string;
  tags?: string[];
  /** Which notices for people it gets, where it gets only such. */
  notices?: NoticeKind[];
  rules?: NoticeRules;
  description?: string;
  format: WebhookFormat;
  /** Whether people answer questions and take results there, by buttons; with who may, or all who see the messages. */
  answers?: WebhookAnswers;
  /** Of an app of Slack: the bot's, by which it writes, and the app's, by which it hears of buttons. */
  tokens?: { bot: string; app?: string };
  /** Why answers do not come at the moment. */
  answersError?: string;
  /** The one that signs. */
  secret: string;
  /** The one before it, which signs too until its time is over. */
  previousSecret?: PreviousSecret;
  status: WebhookStatus;
  statusReason?: string;
  /** Every event up to this one was delivered, or is kept as a delivery. */
  position: number;
  /** Events after it that a digest will hold. */
  held?: number[];
  /** How many events had left the log before they were looked at. */
  skipped: number;
  /** When the first of the tries failed that have all failed since; null while the latest did not. */
  failingSince: string | null;
  lastDeliveredAt: string | null;
  /** Events after this one are to be delivered again. */
  replayAfter?: number;
  /** Deliveries that are to be tried again at once. */
  resend?: string[];
  createdAt: string;
  updatedAt: string;
}

/** All saved views, in the order they are shown in: one record, so that moving one is one change. */
export interface SavedViewsRecord {
  id: string;
  views: readonly SavedView[];
}

/** How much of a budget was told in one of its periods. */
export interface WatchedPeriod {
  /** When it begins; ISO 8601 UTC. */
  from: string;
  /** The highest share of the limit that was told, in percent; 0 for none. */
  told: BudgetThreshold | 0;
  /** Of which limit. */
  limit: BudgetLimit;
}

/** A budget as it is kept. */
export interface BudgetRecord {
  id: string;
  name: string;
  limit: BudgetLimit;
  period: BudgetPeriod;
  timeZone: string;
  agentId?: string;
  tag?: string;
  refuses: boolean;
  /** Rises with each edit of an operator's. */
  revision: number;
  /** Since when it has covered what it covers: what is told of is in periods that end later. */
  since: string;
  /** The period under way, and those before whose last facts may not be counted yet; the oldest first. */
  watched: readonly WatchedPeriod[];
  createdAt: string;
  updatedAt: string;
}

/** Kinds of records that are read and written whole. */
export interface RecordKinds {
  agent: AgentRecord;
  gateway: GatewayRecord;
  session: SessionRecord | LogInCodeRecord;
  webhook: WebhookRecord;
  saved_views: SavedViewsRecord;
  budget: BudgetRecord;
}
/** The name of a kind of records. */
export type RecordKind = keyof RecordKinds;

/** What an agent has to do at the moment of an edit. */
export interface Workload {
  underWay: number;
  queued: number;
}

/** What else an edit may look at, at the same moment; what it does not ask for is not read. */
export interface EditContext {
  /** What the agent of the record's id has to do. */
  workload(): Workload;
  /** Every agent. */
  agents(): readonly AgentRecord[];
}

/**
 * What an edit makes of a record: the new one, or null to remove it, with the event that announces it and, for a
 * webhook, the deliveries that are written with it (those of a webhook that is removed go with it); or a refusal, which
 * changes nothing.
 */
export type RecordEdit<Rec> =
  | { record: Rec | null; event?: NewEvent; deliveries?: readonly DeliveryWrite[]; refusal?: never }
  | { refusal: Refusal; record?: never; event?: never; deliveries?: never };

/** What an edit came to, durably. */
export interface RecordResult<Rec> {
  /** The record after the edit; null when there is none. */
  record: Rec | null;
  /** Position of the event that announced it; null when nothing changed or nothing announced it. */
  eventId: number | null;
  refusal?: Refusal;
}

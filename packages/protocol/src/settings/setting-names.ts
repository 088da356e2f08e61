/** What a setting is called, and what it is. */
export interface SettingLabel {
  /** Its name in the environment. */
  environment: string;
  description: string;
}

/** Every setting, by its key in the settings file. Apart from what each accepts: help is to be had without that. */
export const SETTINGS = {
  port: {
    environment: "PORT",
    description: "port to listen on (default 4000)",
  },
  host: {
    environment: "HOST",
    description: "address to listen on (default 127.0.0.1)",
  },
  publicUrl: {
    environment: "MISSION_CONTROL_PUBLIC_URL",
    description: "base URL agents call back to (default http://HOST:PORT)",
  },
  allowedHosts: {
    environment: "MISSION_CONTROL_ALLOWED_HOSTS",
    description:
      "further host names it answers to, beside loopback ones and the public URL's, comma-separated",
  },
  dataDir: {
    environment: "MISSION_CONTROL_DATA_DIR",
    description: "folder of the keys and the SQLite database (default ~/.mission-control)",
  },
  databaseUrl: {
    environment: "DATABASE_URL",
    description:
      "postgres:// URL of a database that several servers share (default: SQLite in the data folder)",
  },
  natsUrl: {
    environment: "NATS_URL",
    description:
      "nats:// or tls:// URL of a NATS with JetStream that brings events to the other servers on DATABASE_URL; several with commas between them (default: each reads them from the database)",
  },
  natsReplicas: {
    environment: "MISSION_CONTROL_NATS_REPLICAS",
    description: "servers of that NATS which keep the events, 1 to 5 (default 1)",
  },
  token: {
    environment: "MISSION_CONTROL_TOKEN",
    description: "the administrator's bearer token (default: made at the first start)",
  },
  webhookSecrets: {
    environment: "MISSION_CONTROL_WEBHOOK_SECRET",
    description:
      "shared callback secrets, comma-separated; all verify, the first signs (default: made at the first start)",
  },
  openclawGatewayUrl: {
    environment: "OPENCLAW_GATEWAY_URL",
    description: "a first OpenClaw Gateway, such as ws://127.0.0.1:18789",
  },
  openclawGatewayToken: {
    environment: "OPENCLAW_GATEWAY_TOKEN",
    description: "token of that gateway",
  },
  openclawApprovals: {
    environment: "MISSION_CONTROL_OPENCLAW_APPROVALS",
    description:
      "answer here what OpenClaw Gateways ask before they run a command; takes their scope operator.admin (default false)",
  },
  trustedProxies: {
    environment: "MISSION_CONTROL_TRUSTED_PROXIES",
    description: "proxies whose X-Forwarded-* headers are believed, comma-separated (default none)",
  },
  retentionEvents: {
    environment: "MISSION_CONTROL_RETENTION_EVENTS",
    description: "events kept in the log before the oldest are pruned (default 1000000)",
  },
  firstWordSeconds: {
    environment: "MISSION_CONTROL_FIRST_WORD_SECONDS",
    description:
      "seconds in which an agent has to say something of what it accepted, or be reachable again; 0 for ever (default 10)",
  },
  silentSeconds: {
    environment: "MISSION_CONTROL_SILENT_SECONDS",
    description: "seconds without a word after which an agent at work is silent; 0 for never (default 1800)",
  },
  limitCallbacksPerDispatch: {
    environment: "MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH",
    description: "callbacks a second for one dispatch, 50 s' worth at once; 0 for no limit (default 100)",
  },
  limitCallbacksPerAddress: {
    environment: "MISSION_CONTROL_LIMIT_CALLBACKS_PER_ADDRESS",
    description:
      "callbacks a second from one address, 50 s' worth at once; 0 for no limit (default 1000, none for this machine)",
  },
  limitOpenPermissions: {
    environment: "MISSION_CONTROL_LIMIT_OPEN_PERMISSIONS",
    description: "permission requests one dispatch may have open; 0 for no limit (default 32)",
  },
  limitLateCallbacks: {
    environment: "MISSION_CONTROL_LIMIT_LATE_CALLBACKS",
    description: "callbacks recorded for one dispatch that is over; 0 for no limit (default 100)",
  },
  limitArtifacts: {
    environment: "MISSION_CONTROL_LIMIT_ARTIFACTS",
    description: "artifacts one dispatch may leave behind; 0 for no limit (default 1000)",
  },
  limitArtifactMib: {
    environment: "MISSION_CONTROL_LIMIT_ARTIFACT_MIB",
    description: "how large one artifact may be, in MiB (default 100)",
  },
  limitArtifactsTotalMib: {
    environment: "MISSION_CONTROL_LIMIT_ARTIFACTS_TOTAL_MIB",
    description: "how large all artifacts may be together, in MiB; 0 for no limit (default 10240)",
  },
  limitConnectionsPerAddress: {
    environment: "MISSION_CONTROL_LIMIT_CONNECTIONS_PER_ADDRESS",
    description: "connections one address may have; 0 for no limit (default 1000, none for this machine)",
  },
  limitStreamsPerAddress: {
    environment: "MISSION_CONTROL_LIMIT_STREAMS_PER_ADDRESS",
    description: "event streams one address may have; 0 for no limit (default 500, none for this machine)",
  },
  limitStreamFilters: {
    environment: "MISSION_CONTROL_LIMIT_STREAM_FILTERS",
    description: "different filters that event streams may have; 0 for no limit (default 10000)",
  },
  deliveryDays: {
    environment: "MISSION_CONTROL_DELIVERY_DAYS",
    description:
      "so many days it is kept what agents were sent and answered, and which callbacks were refused; 0 keeps nothing of it (default 7)",
  },
  refusedBodies: {
    environment: "MISSION_CONTROL_REFUSED_BODIES",
    description:
      "keep the first 4 kB of refused callbacks' bodies, which may hold anybody's data (default true)",
  },
  allowPrivateWebhooks: {
    environment: "MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS",
    description:
      "let outbound webhooks go to private addresses, and agents have link-local ones (default false)",
  },
  smtpUrl: {
    environment: "MISSION_CONTROL_SMTP_URL",
    description:
      "mail server for notices by e-mail, such as smtps://user:password@smtp.example.com (default: none are sent)",
  },
  mailFrom: {
    environment: "MISSION_CONTROL_MAIL_FROM",
    description: "address that e-mails come from (default: the mail server's user, where that is an address)",
  },
  logLevel: {
    environment: "MISSION_CONTROL_LOG_LEVEL",
    description: "what is logged to the standard error (default warn)",
  },
} satisfies Record<string, SettingLabel>;

/** The name of a setting, as it stands in the environment. */
export type SettingName = keyof typeof SETTINGS;

/** How a setting is written on the command line, such as `--public-url`. */
export function flagName(name: SettingName): string {
  const word = name === "webhookSecrets" ? "webhookSecret" : name;
  return `--${word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The setting that a key of the settings file means: its own name, or the one it has in the environment. */
export function settingOfKey(key: string): SettingName | undefined {
  const names = Object.keys(SETTINGS) as SettingName[];
  return names.find(
    (name) =>
      key === name ||
      key === SETTINGS[name].environment ||
      (key === "webhookSecret" && name === "webhookSecrets"),
  );
}

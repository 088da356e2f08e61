import { count, grouped } from "./english-count.ts";

/** What there is to say, with commas between. */
function listed(...parts: (string | false | null)[]): string {
  return parts.filter(Boolean).join(", ");
}

const status = {
  pending: "Pending",
  queued: "Queued",
  in_progress: "In progress",
  review: "Review",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** The dashboard in English. Functions take what the sentence is about; order and plural are the language's own. */
export const english = {
  product: "Mission Control",
  loading: "Loading…",
  progress: "Progress",
  close: "Close",
  back: "Cancel",
  save: "Save",
  done: "Done",
  copy: "Copy",
  copied: "Copied",
  notCopied: "The browser did not allow it: select the text and copy it by hand",
  code: "Code",
  optional: "(optional)",
  none: "–",
  never: "never",
  yes: "yes",
  no: "no",
  hiddenCharacter: "A character that cannot be seen, shown by its number",

  page: {
    activity: "Activity",
    inbox: "Inbox",
    board: "Board",
    agents: "Agents",
    gateways: "Gateways",
    webhooks: "Webhooks",
    insights: "Insights",
    settings: "Settings",
  },

  shell: {
    skip: "Skip to the content",
    pages: "Pages",
    breadcrumb: "Where you are",
    search: "Search or run…",
    narrow: "Collapse the sidebar",
    widen: "Expand the sidebar",
    more: "More",
    system: "System",
    notices: "Notices",
  },

  notFound: { title: "There is no such page", back: "Go to Activity" },

  error: {
    title: "This could not be loaded",
    retry: "Try again",
    unreachable: "The server could not be reached. Is it running, and is this computer connected to it?",
    status: (code: number) => `The server answered with an error (${code}).`,
    request: (id: string) => `Request ${id}`,
  },

  part: {
    failed: "This part of the page could not be loaded",
    failedHint: "It is tried again, and as soon as the server is back.",
    upgraded: "Mission Control was upgraded",
    upgradedHint: "This page is of the version before. Loaded anew, it opens where you are.",
    reload: "Load the page anew",
  },

  logIn: {
    title: "Log in to Mission Control",
    token: "Token",
    submit: "Log in",
    busy: "Logging in…",
    hint: "The token is in the file token of the server's data folder. A link that logs you in once is made by",
    cookieNeedsTls:
      "The server accepted this, but the browser did not keep its cookie: the cookie is for https, and this page came over http. Open the server's https address, or set MISSION_CONTROL_PUBLIC_URL to the address of this page.",
    cookieDropped:
      "The server accepted this, but the browser did not keep its cookie. Allow cookies for this address and log in again.",
    linkRefused: "This log-in link was used before or is too old. Make a new one, or log in with the token.",
    endedTitle: "You are logged out",
    ended: "The session has ended. What you see stays; log in to go on from here.",
  },

  live: {
    connecting: "Connecting",
    live: "Live",
    caughtUp: (events: number) => `Live · caught up ${count(events, "event")}`,
    catchingUp: (received: number, remaining: number) =>
      `Catching up · ${grouped(received)} of ${grouped(received + remaining)}`,
    reconnecting: "Reconnecting",
    offline: "Offline",
    signedOut: "Logged out",
    attempt: (attempt: number, seconds: number) =>
      seconds > 0 ? `try ${attempt} in ${seconds} s` : `try ${attempt}`,
    stale: (age: string) => `last update ${age === "now" ? "just now" : `${age} ago`}`,
    tryNow: "Try now",
    announce: {
      connecting: "",
      live: "Connected, the page is live.",
      catching_up: "Catching up.",
      reconnecting: "The connection was lost. What you see may be out of date.",
      offline: "This computer is offline. What you see may be out of date.",
      signed_out: "You are logged out.",
    },
  },

  time: { now: "now", ago: (age: string) => `${age} ago`, local: "local" },

  theme: {
    system: "System",
    light: "Light",
    dark: "Dark",
    switch: (theme: string) => `Theme: ${theme}`,
  },

  status,
  dispatchState: {
    queued: "Queued",
    sending: "Sending",
    accepted: "Accepted",
    running: "Running",
    unknown: "Unknown",
    completed: "Completed",
    failed: "Failed",
    rejected: "Rejected",
    cancelled: "Cancelled",
    lost: "Lost",
  },
  agentStatus: { online: "Online", busy: "Busy", offline: "Offline", unknown: "Unknown" },
  gatewayState: {
    connecting: "Connecting",
    connected: "Connected",
    disconnected: "Disconnected",
    pairing_required: "Pairing required",
  },
  priority: { low: "Low", normal: "Normal", high: "High", urgent: "Urgent" },

  eventType: {
    activity: "Progress",
    dispatch: "Dispatch",
    status_change: "State",
    complete: "Complete",
    error: "Error",
    permission: "Permission",
    message: "Message",
    artifact: "Artifact",
    task: "Task",
    agent: "Agent",
    gateway: "Gateway",
    webhook: "Webhook",
    view: "Saved view",
    budget: "Budget",
  },

  event: {
    progress: "Progress",
    completed: "Completed",
    statusChange: (from: string, to: string) => `${from} → ${to}`,
    task: (change: string, title: string, fields: string[]) => {
      if (change === "created") return `Created: ${title}`;
      if (change === "deleted") return `Deleted: ${title}`;
      return fields.length === 0 ? `Edited: ${title}` : `Edited ${fields.join(", ")}: ${title}`;
    },
    added: "Added",
    removed: "Removed",
    edited: (fields: string[]) => (fields.length === 0 ? "Edited" : `Edited: ${fields.join(", ")}`),
    field: {
      name: "name",
      capabilities: "capabilities",
      concurrency: "tasks at a time",
      endpoint: "address",
      secret: "secret",
      permissions: "permissions",
      requiresReview: "review",
      search: "filters",
      index: "place",
    },
    permission: (state: string, what: string) => {
      if (state === "requested") return `Asks: ${what}`;
      if (state === "answered") return `Answered: ${what}`;
      if (state === "delivered" || state === "undelivered") return what;
      if (state === "timed_out") return `Timed out: ${what}`;
      return `No longer asks: ${what}`;
    },
  },

  activity: {
    search: "Search events",
    agent: "Agent",
    anyAgent: "Any agent",
    task: (title: string) => `Task: ${title}`,
    clearTask: "Show all tasks",
    types: "Types of events",
    clear: "Clear filters",
    pause: "Pause",
    resume: "Resume",
    fresh: (events: number) => `${grouped(events)} new`,
    late: "late",
    unfold: (events: number) => `${count(events, "progress report")} of this attempt`,
    unfoldSteps: (events: number) => `${count(events, "step")} of it`,
    handedOver: (agent: string, took: string) => `Dispatched to ${agent} (${took})`,
    filter: "Filter",
    show: "What to show",
    preset: { all: "All", problems: "Problems", results: "Results", questions: "Questions" },
    raw: "Raw log",
    nothingMatches: "No event matches these filters",
    nothingYet: (reached: number) => `Nothing found yet; ${count(reached, "older event")} to look through`,
    older: "Load older events",
    olderFailed: (reason: string) => `Older events could not be loaded: ${reason}`,
    beginning: "The log begins here.",
    nothingOlder: "Nothing older matches these filters.",
  },

  eventPanel: {
    title: (id: number) => `Event ${id}`,
    task: "Task",
    agent: "Agent",
    dispatch: "Dispatch",
    deliveries: "What was sent and received",
    lastState: "Last state",
    happened: "Happened",
    stored: "Stored",
    raw: "Raw event",
    gone: "This event is no longer in the log",
    lateReason: (reason: string) => `It changed nothing: ${reason}`,
    onlyTask: "Only this task",
    onlyAgent: "Only this agent",
  },

  firstSteps: {
    title: "Nothing has happened yet",
    intro: "Events appear here the moment they are stored. To see the first one:",
    addAgent: "Add an agent: Claude Code, Codex, a program, an address, one on an OpenClaw Gateway",
    createTask: "Create a task",
    dispatch: "Drag it to “Queued”, or open it and press “Dispatch”",
    demo: "Or let a demo agent show the whole chain:",
  },

  board: {
    search: "Search tasks",
    tag: "Tag",
    anyTag: "Any tag",
    none: "No tasks",
    more: "Show more",
    asks: "Asks",
    attempt: (number: number) => `Attempt ${number}`,
    actionsOf: (title: string) => `Actions for ${title}`,
    emptyTitle: "There are no tasks yet",
    emptyHint: "A task says what is to be done. Dispatch it to an agent and watch it here.",
    cannotMove: (from: string, to: string) =>
      `A task cannot be moved from “${from}” to “${to}”: only its agent, or another action, brings it there.`,
    picked: "Picked up. Use left and right to choose a column, space to drop, escape to put it back.",
    over: (column: string) => `Over ${column}.`,
    dropped: (column: string) => `Dropped on ${column}.`,
    putBack: "Put back.",
    dragHelp: {
      draggable:
        "Press space to pick the task up, left and right to choose a column, space again to drop it, escape to put it back.",
    },
  },

  action: {
    dispatch: "Dispatch",
    dispatchAgain: "Dispatch again",
    cancel: "Cancel task",
    approve: "Approve",
    reject: "Request changes",
    edit: "Edit",
    delete: "Delete",
    dispatching: "Dispatching…",
    cancelling: "Cancelling…",
    approving: "Approving…",
    rejecting: "Sending back…",
    deleting: "Deleting…",
    saving: "Saving…",
    answering: "Answering…",
    refused: (reason: string) => `Not done: ${reason}`,
    dispatchTitle: (title: string) => `Dispatch “${title}” to…`,
    cancelTitle: (title: string) => `Cancel “${title}”?`,
    cancelHint: "The agent is told to stop. The task can be dispatched again later.",
    approveTitle: (title: string) => `Approve “${title}”?`,
    approveHint: "The task is completed with this result.",
    deleteTitle: (title: string) => `Delete “${title}”?`,
    deleteHint: "The task is gone for good; its events stay in the log until they are pruned.",
    rejectTitle: (title: string) => `Request changes to “${title}”`,
    rejectHint: "The same agent gets the task again, as a new attempt, with your feedback.",
    feedback: "What should be different?",
  },

  undo: {
    undo: "Undo",
    now: "Do it now",
    cancel: (title: string) => `Cancelling “${title}”`,
    approve: (title: string) => `Approving “${title}”`,
    reject: (title: string) => `Sending back “${title}”`,
    delete: (title: string) => `Deleting “${title}”`,
    dispatch: (title: string, agent: string) => `Dispatched “${title}” to ${agent}; undoing cancels it`,
    edit: (title: string) => `Saved “${title}”`,
  },

  taskForm: {
    create: "New task",
    edit: "Edit task",
    many: "Create many",
    title: "Title",
    description: "Description",
    markdown: "Markdown. The agent gets it word for word.",
    priority: "Priority",
    tags: "Tags",
    commas: "(comma-separated)",
    more: "Context for the agent",
    context: "Context",
    contextHint: "A JSON object, passed on as it is.",
    contextInvalid: "This is not a JSON object.",
    review: "Ask for my review before it counts as completed",
    dispatch: "Dispatch to",
    notYet: "Not yet",
    madeBefore:
      "The task was made with the words you sent first; only the answer was lost. Close this form, and edit it on the board.",
    submit: "Create task",
    submitAndDispatch: "Create and dispatch",
  },

  bulk: {
    title: "Create many tasks",
    hint: "One title a line; or a JSON array of titles or tasks; or a CSV with a header: title, description, priority, tags.",
    paste: "Tasks",
    example: "Fix the flaky log-in test\nUpdate the dependencies\nWrite the release notes",
    form: { lines: "lines", json: "JSON", csv: "CSV" },
    found: (tasks: number, form: string) => `${count(tasks, "task")} found (${form})`,
    created: (tasks: number) => `${count(tasks, "task")} created`,
    done: "created",
    one: "Create one",
    again: "Try the rest again",
    submit: (tasks: number) => (tasks > 0 ? `Create ${count(tasks, "task")}` : "Create tasks"),
  },

  task: {
    unknown: "There is no such task",
    deleted: "This task was deleted",
    description: "Description",
    noDescription: "It has no description.",
    result: "Result",
    toReview: "Result, waiting for your review",
    noSummary: "The agent gave no summary.",
    error: "Why it failed",
    noReason: "No reason was given.",
    inDoubt: "Nobody knows whether the agent works on it",
    inDoubtHint:
      "The agent is told to stop. If it confirms that, the attempt has failed; if it reports instead, the task goes on. Until then it is not sent again. Cancel the task to end it now.",
    lastState: "Last state:",
    asks: "The agent asks for permission",
    asksForm: "The agent asks",
    diff: "The changes it would make",
    facts: "Facts",
    id: "Id",
    copyId: "Copy the id",
    review: "Review",
    usage: "Usage",
    created: "Created",
    changed: "Changed",
    activity: "Events",
    inActivity: "Show in Activity",
    api: "API calls",
    apiHint: "The calls behind the buttons, as commands. They take the token from $MISSION_CONTROL_TOKEN.",
    read: "Read",
    answer: (option: string) => `Answer “${option}”`,
    sent: "What was sent to its agents, and what they sent:",
    sentAll: "all of the task",
    sentOf: (attempt: number) => `attempt ${attempt}`,
    copyCurl: (action: string) => `Copy as curl: ${action}`,
    exampleFeedback: "What should be different",
  },

  timeline: {
    title: "Timeline",
    attempt: (number: number) => `Attempt ${number}`,
    queued: "queued",
    ran: "ran",
    feedback: "Feedback:",
    times: (times: number) => count(times, "report"),
    earlier: (reports: number) => `${count(reports, "earlier report")} in Activity`,
    result: "The agent handed in its result",
    showResult: "Show the result",
    more: "Load the rest",
    all: (steps: number) => `Show all ${grouped(steps)} steps`,
  },

  usage: {
    input: (tokens: string) => `${tokens} tokens in`,
    output: (tokens: string) => `${tokens} out`,
  },

  agents: {
    none: "There are no agents yet",
    add: "Add agent",
    filter: "Find an agent by name or capability",
    anyFree: (capability: string) => `Any free agent for “${capability}”`,
    free: (slots: number) => (slots === 0 ? "none free: it will wait" : `${grouped(slots)} free`),
    noMatch: "No agent matches.",
    hadIt: "had it before",
    load: (running: number, slots: number, queued: number) =>
      queued > 0 ? `${running} of ${slots} running, ${queued} queued` : `${running} of ${slots} running`,
  },

  gateways: {
    intro:
      "OpenClaw Gateways host agents. The connection is kept open; what its agents do shows up as activity.",
    none: "No gateway is connected",
    noneHint: "Agents that are reached over HTTP need none.",
    add: "Connect gateway",
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
  },

  settings: {
    theme: "Theme",
    density: "Density",
    densities: { comfortable: "Comfortable", compact: "Compact" },
    densityHint: { comfortable: "Room around each line.", compact: "More lines on the screen." },
    notifications: "Desktop notifications",
    notificationsHint:
      "When an agent asks something or did not get what you wrote, or a task completes, fails or waits for review, while you look elsewhere.",
    notificationsOn: "Turn on",
    notificationsOff: "Turn off",
    notificationsRefused:
      "The browser does not allow notifications from this page. Its site settings can change that.",
    sessions: "Log-ins",
    sessionsHint: "Every browser that is logged in. End those you do not know.",
    browser: "Browser",
    unknownBrowser: "Unknown browser",
    since: "Since",
    until: "Until",
    here: "this one",
    end: "End",
    endOf: (browser: string) => `End the log-in of ${browser}`,
    logOut: "Log out",
  },

  notify: {
    many: (tasks: number) => `${count(tasks, "task")} ended or need${tasks === 1 ? "s" : ""} you`,
    asks: (title: string) => `Asks: ${title}`,
    undelivered: (title: string) => `Not delivered to the agent: ${title}`,
  },

  shortcuts: {
    title: "Keyboard shortcuts",
    groups: [
      {
        name: "Everywhere",
        keys: [
          ["Ctrl K", "Search or run"],
          ["?", "This sheet"],
          ["c", "New task"],
          ["Esc", "Close what is open"],
          ["Ctrl Enter", "Send a form from any field"],
          ["g a", "Activity"],
          ["g n", "Inbox"],
          ["g b", "Board"],
          ["g g", "Agents"],
          ["g w", "Gateways"],
          ["g h", "Webhooks"],
          ["g i", "Insights"],
          ["g s", "Settings"],
        ],
      },
      {
        name: "Activity",
        keys: [
          ["/", "Search events"],
          ["j k", "Next and previous event"],
          ["Enter", "Open the event"],
        ],
      },
      {
        name: "Inbox",
        keys: [
          ["j k", "Next and previous"],
          ["1–9", "Give an answer"],
          ["a", "Approve"],
          ["r", "Request changes"],
          ["d", "Dispatch again"],
          ["s", "Put off for an hour"],
        ],
      },
      {
        name: "Board",
        keys: [
          ["↑ ↓ ← →", "From card to card"],
          ["Enter", "Open the task"],
          ["m", "The card's actions"],
          ["Space", "Pick the card up, then ← → and Space"],
        ],
      },
      {
        name: "Task",
        keys: [
          ["d", "Dispatch"],
          ["x", "Cancel"],
          ["e", "Edit"],
          ["/", "Find in the transcript"],
        ],
      },
    ] satisfies { name: string; keys: [string, string][] }[],
  },
};

import { randomUUID } from "node:crypto";
import type { Json, JsonObject } from "@mission-control/protocol";
import { abortable } from "../../abortable.ts";
import type { Press, Taken } from "../answers/answer-desk.ts";
import { rejectData } from "../answers/answer-desk.ts";
import type { Listener, ListenerParts } from "../answers/answers.ts";
import { deliveryOf } from "../answers/choices.ts";
import { endedMessage } from "../answers/ended-message.ts";
import { keepHearing, UnheardError } from "../answers/keep-hearing.ts";
import { isPrivateHost, PrivateAddressError } from "../public-address.ts";
import { objectIn, type ServiceAnswer, textIn } from "../service-call.ts";
import { slackChannel } from "./slack-message.ts";
import { callSlack } from "./slack-sender.ts";
import { SlackSocket } from "./slack-socket.ts";

/** Names the dialog that asks for what is to be changed. */
const CHANGES = "mission_control_changes";
const FEEDBACK_LENGTH = 3000;

/** Hears what people press in the channels of one app of Slack, by Socket Mode: Slack needs no way to this server. */
export class SlackListener implements Listener {
  readonly #parts: ListenerParts;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #sockets = new Set<SlackSocket>();
  readonly #taking = new Set<Promise<void>>();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.close();
    await Promise.all([this.#running, ...this.#taking]);
  }

  /** Keeps a connection: when Slack says that it will end one, the next is there before. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let last: SlackSocket | null = null;
    await keepHearing("Slack", this.#parts.report, signal, async (_, heard) => {
      const socket = await this.#connect();
      last?.retire();
      last = socket;
      heard();
      await abortable(socket.over(), signal);
    });
  }

  /** @throws Error with the reason */
  async #connect(): Promise<SlackSocket> {
    const { signal } = this.#stop;
    const { base, endpoint } = this.#service();
    const asked = { url: `${base}apps.connections.open`, token: endpoint.tokens?.app, body: {} };
    const { result, json } = await callSlack(this.#parts.service, endpoint, randomUUID(), asked, signal);
    const url = textIn(json, "url");
    if (!result.isDelivered || url === "") {
      throw new UnheardError(result, "It gave no address to connect to.");
    }
    // A name is looked at when it is looked up.
    if (this.#parts.lookup && isPrivateHost(new URL(url))) throw new PrivateAddressError();
    const socket = new SlackSocket({
      url,
      lookup: this.#parts.lookup,
      take: (payload) => {
        const taking = this.#take(payload).finally(() => this.#taking.delete(taking));
        this.#taking.add(taking);
      },
    });
    this.#sockets.add(socket);
    void socket.over().then(() => this.#sockets.delete(socket));
    try {
      await abortable(socket.opened(), signal);
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  /** Takes what somebody did. Whatever comes of it, the person gets a reply; nothing waits for it. */
  async #take(payload: JsonObject): Promise<void> {
    const user = { id: textIn(objectIn(payload, "user"), "id"), name: nameIn(payload) };
    try {
      if (payload.type === "view_submission") return await this.#takeChanges(payload, user);
      if (payload.type !== "block_actions") return;
      const data = textIn(firstIn(payload.actions), "value");
      const channel = textIn(objectIn(payload, "channel"), "id");
      const taken = await this.#press(channel, { data, user });
      if (taken.kind === "asks")
        return await this.#ask(textIn(payload, "trigger_id"), taken.deliveryId, user);
      if (taken.kind === "done") return;
      await this.#tell(channel, user.id, taken.words);
      const message = textIn(objectIn(payload, "container"), "message_ts");
      if (taken.isOver) await this.#withdraw(data, { channel, message }, taken.words);
    } catch {
      await this.#tell(textIn(objectIn(payload, "channel"), "id"), user.id, NOT_NOW).catch(() => {});
    }
  }

  async #takeChanges(payload: JsonObject, user: Press["user"]): Promise<void> {
    const view = objectIn(payload, "view");
    if (view.callback_id !== CHANGES) return;
    const deliveryId = textIn(view, "private_metadata");
    const values = objectIn(objectIn(view, "state"), "values");
    const feedback = textIn(objectIn(objectIn(values, "feedback"), "text"), "value");
    const channel = this.#channelOf(deliveryId);
    const taken = await this.#press(channel, { data: rejectData(deliveryId), user, feedback });
    if (taken.kind === "refused") await this.#tell(channel, user.id, taken.words);
  }

  #press(channel: string, press: Press): Promise<Taken> {
    const here = this.#parts.endpoints().filter(({ url }) => slackChannel(url).channel === channel);
    return this.#parts.desk.take("slack", here, press);
  }

  /** Asks for what is to be changed. @see https://docs.slack.dev/reference/methods/views.open */
  async #ask(triggerId: string, deliveryId: string, user: Press["user"]): Promise<void> {
    const plain = (text: string) => ({ type: "plain_text", text });
    const input = {
      type: "plain_text_input",
      action_id: "text",
      multiline: true,
      max_length: FEEDBACK_LENGTH,
    };
    const view = {
      type: "modal",
      callback_id: CHANGES,
      private_metadata: deliveryId,
      title: plain("Request changes"),
      submit: plain("Send back"),
      blocks: [
        { type: "input", block_id: "feedback", label: plain("What is to be changed"), element: input },
      ],
    };
    const { result } = await this.#call("views.open", { trigger_id: triggerId, view });
    if (!result.isDelivered) await this.#tell(this.#channelOf(deliveryId), user.id, NOT_NOW);
  }

  /** Tells one person something that nobody else sees. @see https://docs.slack.dev/reference/methods/chat.postEphemeral */
  async #tell(channel: string, user: string, text: string): Promise<void> {
    if (channel !== "" && user !== "") await this.#call("chat.postEphemeral", { channel, user, text });
  }

  /** Takes the buttons away from a message that nobody waits for. */
  async #withdraw(data: string, place: { channel: string; message: string }, words: string): Promise<void> {
    const { store, sender, publicUrl } = this.#parts;
    const delivery = deliveryOf(data);
    const endpoint = this.#parts.endpoints().find(({ id }) => id === delivery?.endpointId);
    if (!delivery || !endpoint || place.message === "") return;
    const edit = await endedMessage(store, endpoint, { ...delivery, shown: place }, words, publicUrl());
    await sender.send(endpoint, delivery.id, edit, this.#stop.signal);
  }

  #call(method: string, body: JsonObject): Promise<ServiceAnswer> {
    const { base, endpoint } = this.#service();
    const asked = { url: `${base}${method}`, token: endpoint.tokens?.bot, body };
    return callSlack(this.#parts.service, endpoint, randomUUID(), asked, this.#stop.signal);
  }

  #channelOf(deliveryId: string): string {
    const endpoint = this.#parts.endpoints().find(({ id }) => deliveryId.startsWith(`${id}.`));
    return endpoint ? slackChannel(endpoint.url).channel : "";
  }

  #service() {
    const [endpoint] = this.#parts.endpoints();
    return { base: slackChannel(endpoint.url).base, endpoint };
  }
}

const NOT_NOW = "This could not be taken just now: try again, or answer on the dashboard.";

function nameIn(payload: JsonObject): string {
  const user = objectIn(payload, "user");
  return textIn(user, "username") || textIn(user, "name");
}

function firstIn(list: Json | undefined): JsonObject {
  return Array.isArray(list) ? objectIn({ first: list[0] ?? null }, "first") : {};
}

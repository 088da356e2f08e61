import type { AnswerPermission, LogEvent } from "@mission-control/protocol";
import type { WebhookRecord } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import type { GivenElsewhere, Refusal } from "../../tasks/change.ts";
import { EventChoice } from "../event-choice.ts";
import { deliveredJson } from "../log-source.ts";
import type { TaskTags } from "../task-tags.ts";
import { type Choice, choicesOf, deliveryOf } from "./choices.ts";

/** The operator's ways that an answer takes, the same as that of one given here. */
export interface Operator {
  approve(taskId: string, given: GivenElsewhere): Promise<Answered>;
  reject(taskId: string, feedback: string, given: GivenElsewhere): Promise<Answered>;
  answerPermission(
    taskId: string,
    requestId: string,
    answer: AnswerPermission,
    given: GivenElsewhere,
  ): Promise<Answered>;
}

interface Answered {
  refusal?: { code: Refusal["code"] | "mismatch" | "stale"; detail: string };
}

/** A button that somebody pressed. */
export interface Press {
  /** What stands for it in the service. */
  data: string;
  user: { id: string; name: string };
  /** What has to be done differently, where that was asked for and said. */
  feedback?: string;
}

/** What came of a press. */
export type Taken =
  | { kind: "done" }
  /** What is to be changed has to be asked for. */
  | { kind: "asks"; deliveryId: string }
  /** Nothing happened; the words say why. `isOver`: nor will it, whoever presses. */
  | { kind: "refused"; words: string; isOver: boolean };

export interface AnswerDeskOptions {
  store: Pick<Store, "task" | "deliveryEvent" | "frames" | "range">;
  operator: Operator;
}

const UNKNOWN = "This is not known here any more: answer it on the dashboard.";
/** Of a name as events carry it, in UTF-16 units. */
const NAME_LENGTH = 64;

/** Takes answers that people give in a service, and gives them as an operator does. */
export class AnswerDesk {
  readonly #options: AnswerDeskOptions;
  readonly #tags: Pick<TaskTags, "hasAny">;

  constructor(options: AnswerDeskOptions) {
    this.#options = options;
    const { store } = options;
    this.#tags = {
      hasAny: async (taskId, wanted) => {
        const task = await store.task(taskId);
        return wanted.some((tag) => task?.tags.includes(tag));
      },
    };
  }

  /**
   * Takes a press.
   * @param service what the user's id is one of, such as `slack`
   * @param endpoints those to which whoever pressed can have been shown a button: no other's counts
   * @throws StoreUnavailableError when nothing can be stored now
   */
  async take(service: string, endpoints: readonly WebhookRecord[], press: Press): Promise<Taken> {
    const { store, operator } = this.#options;
    // Not looked up: it may be pressed before the delivery is stored, or after it was sent by a server that was killed.
    const delivery = deliveryOf(press.data);
    const endpoint = endpoints.find(({ id }) => id === delivery?.endpointId);
    if (!delivery || !endpoint?.answers) return refused(UNKNOWN);
    const { users } = endpoint.answers;
    if (users && !users.includes(press.user.id)) {
      return { kind: "refused", words: "You are not among those who may answer here.", isOver: false };
    }
    const json = await deliveredJson(store, delivery);
    const event = json === null ? null : (JSON.parse(json) as LogEvent);
    if (!event || !json || !(await new EventChoice(endpoint, this.#tags).isWanted({ ...event, json }))) {
      return refused(UNKNOWN);
    }
    const choice = choicesOf(event, delivery.id).find(({ data }) => data === press.data)?.choice;
    if (event.taskId === undefined || !choice) return refused(UNKNOWN);
    if (choice.kind === "reject" && press.feedback === undefined) {
      return { kind: "asks", deliveryId: delivery.id };
    }
    const by = `${service}:${press.user.id} (${nameOf(press.user)})`;
    const given: GivenElsewhere = { by, meantFor: event.dispatchId };
    const { refusal } = await give(operator, event.taskId, choice, press.feedback ?? "", given);
    return refusal ? refused(refusal.detail) : { kind: "done" };
  }
}

/** The button of a delivery that sends its result back. */
export function rejectData(deliveryId: string): string {
  return `${deliveryId}:r`;
}

function give(operator: Operator, taskId: string, choice: Choice, feedback: string, given: GivenElsewhere) {
  switch (choice.kind) {
    case "approve":
      return operator.approve(taskId, given);
    case "reject":
      return operator.reject(taskId, feedback, given);
    case "option":
      return operator.answerPermission(taskId, choice.requestId, { optionId: choice.optionId }, given);
  }
}

function refused(words: string): Taken {
  return { kind: "refused", words, isOver: true };
}

/** A name as others may see it: people choose their own. */
function nameOf({ name, id }: Press["user"]): string {
  const shown = name
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
    .trim()
    .slice(0, NAME_LENGTH);
  return shown === "" ? id : shown;
}
